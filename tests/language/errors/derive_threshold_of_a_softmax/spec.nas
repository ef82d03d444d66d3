use papers.darts
search darts
derive {
    threshold  0.85
}
