use papers.darts

search darts

derive {
    by         perturbation
}
