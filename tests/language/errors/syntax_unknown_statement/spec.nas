use papers.darts

netwrok {
    cells  normal
}
