use papers.darts
cell normal {
    node n1 = skip_connect(in1) + skip_connect(in2)
    output last
    node n3 = skip_connect(n1)
}
