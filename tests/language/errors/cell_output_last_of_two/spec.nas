use papers.darts

cell normal {
    output  last(n1, n2)
}
