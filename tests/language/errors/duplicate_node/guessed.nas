use papers.darts
cell normal {
    node n1 = skip_connect(in1)
    node n1_2 = skip_connect(in2)
}
