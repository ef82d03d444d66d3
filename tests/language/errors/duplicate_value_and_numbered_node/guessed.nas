use std.rnn

cell one {
    inputs  x
    states  h
    nodes   1
    choose  tanh, relu
    output  mean
}

network {
    cells  one
}
