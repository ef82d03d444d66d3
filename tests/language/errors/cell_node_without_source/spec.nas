use papers.darts
cell normal {
    node n1 = sep_conv(3) + skip_connect(in1)
}
