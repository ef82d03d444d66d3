use papers.darts
derive {
    by       perturbation
    penalty  0.5
    require  params < 4M
}
