use papers.darts
cell normal {
    node n1 = 2 * skip_connect(in1)
}
