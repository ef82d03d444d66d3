use std.rnn

cell one {
    inputs  x
    states  h
    let b = linear(C, bias = true)(x + h)
    output  b
}

network {
    cells  one
}
