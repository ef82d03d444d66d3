use std.rnn

cell one {
    inputs  x
    states  h
    let n1 = tanh(x + h)
    let b = tanh(n1)
    nodes   1
    choose  tanh, relu
    output  mean
}

network {
    cells  one
}
