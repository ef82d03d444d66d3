use papers.nasp
search nasp {
    cost   flops
    cells  normal
}
