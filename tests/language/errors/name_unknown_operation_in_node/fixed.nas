use papers.darts
cell normal {
    node n1 = sep_conv(3)(in1) + skip_connect(in2)
}
