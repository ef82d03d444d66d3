use papers.darts
derive perturbation {
    count skip_connect <= 2
}
