use std.rnn

cell one {
    inputs  x
    states  h
    let b = x + h + linear(4 * C)
    output  b
}

network {
    cells  one
}
