use std.rnn
cell one {
    inputs  x
    states  h
    first   x + h
    nodes   1
    choose  tanh, relu
    edge    highway
    output  mean
}

network {
    stem   embedding
    head   tied_linear
    cells  one
}
