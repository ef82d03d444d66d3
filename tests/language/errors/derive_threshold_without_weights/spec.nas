use papers.darts
search milenas {
    relax  fair_darts
}
derive {
    by         perturbation
    threshold  0.85
}
