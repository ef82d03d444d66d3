use papers.darts
search random
derive {
    by  perturbation
}
