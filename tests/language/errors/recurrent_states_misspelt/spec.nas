use std.rnn
cell one {
    inputs x
    state h
    first linear(C)(x) + linear(C)(h)
    nodes 2
    choose tanh, relu
}
network { cells one }
