use papers.darts

search gdas {
    sampler  reinmax
}
