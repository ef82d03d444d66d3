use papers.darts
op nothing = none
cell normal {
    node n1 = {none, nothing}(in1) + skip_connect(in2)
    output concat
}
