use papers.darts
cell normal {
    nodes 3
    node n1 = skip_connect(in1)
}
