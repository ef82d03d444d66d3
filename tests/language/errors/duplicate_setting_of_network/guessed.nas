use papers.darts
network {
    cells  normal
}
