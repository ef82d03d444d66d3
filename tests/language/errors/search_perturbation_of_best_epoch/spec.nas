use papers.darts
search darts
derive {
    by     perturbation
    epoch  best
}
