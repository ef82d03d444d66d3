use papers.darts

search gdas {
    sampler      reinmax
    temperature  linear(10, 0.1)
}
