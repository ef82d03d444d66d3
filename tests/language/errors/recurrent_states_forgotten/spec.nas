use std.rnn

cell c {
    inputs  x
    first   tanh(x)
    nodes   2
    choose  tanh, relu
    edge    highway
    output  mean
}

network {
    cells  c
}
