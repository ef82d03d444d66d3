use papers.darts
search milenas {
    relax  fair_darts
}
derive {
    by         perturbation
}
