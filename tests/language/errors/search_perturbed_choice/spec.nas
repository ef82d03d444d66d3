use papers.darts

search gdas {
    perturb  random
}
