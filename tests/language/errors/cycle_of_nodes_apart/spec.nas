use papers.darts
cell normal {
    node n1 = skip_connect(in1) + skip_connect(in2)
    node n2 = skip_connect(n3)
    node n3 = skip_connect(n2)
}
