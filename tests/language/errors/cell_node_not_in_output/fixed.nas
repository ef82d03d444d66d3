use papers.darts
cell normal {
    node n1 = skip_connect(in1)
    output concat(n1)
}
