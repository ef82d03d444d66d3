use papers.darts

search gdas {
    sampler  reinmax
    stop     eigenvalue
}
