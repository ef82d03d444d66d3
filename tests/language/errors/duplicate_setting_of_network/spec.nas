use papers.darts
network {
    cells  normal
    cells  normal * 2
}
