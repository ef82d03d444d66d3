use papers.darts
cell normal {
    node n1 = skip_connect(in1) + skip_connect(in2)
    node n2 = sep_conv(3)(n1)
    output last
    node n3 = skip_connect(n1)
}
