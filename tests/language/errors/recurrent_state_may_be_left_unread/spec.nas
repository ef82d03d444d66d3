use std.rnn

cell one {
    inputs  x
    states  h
    nodes   2
    choose  tanh, relu
    keep    1
    output  mean
}

network {
    cells  one
}
