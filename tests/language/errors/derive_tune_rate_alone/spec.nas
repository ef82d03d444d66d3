use papers.darts

search darts

derive {
    by         perturbation
    tune_rate  0.01
}
