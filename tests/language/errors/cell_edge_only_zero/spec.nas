use papers.darts
cell normal {
    node n1 = {none}(in1) + skip_connect(in2)
    output concat
}
