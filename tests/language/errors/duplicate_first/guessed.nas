use std.rnn

cell one {
    inputs  x
    states  h
    first   x + h
    node b = relu(first)
    output  b
}

network {
    cells  one
}
