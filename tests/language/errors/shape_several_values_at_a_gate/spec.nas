use papers.darts
op plus = add -> conv(1)
op times = multiply -> conv(1)
cell normal {
    inputs      2
    preprocess  preprocess
    node n1 = {plus, times}(in1, in2)
    output  n1
}
network { cells normal }
search pc_darts
data digits
