use papers.darts
cell normal {
    node n1 = skip_connect(in1)
    node n2 = sep_conv(3)(in2)
    output concat(n1)
}
