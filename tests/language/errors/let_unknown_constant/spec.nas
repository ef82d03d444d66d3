use std.rnn

cell one {
    inputs  x
    states  h
    let b = linear(width)(x + h)
    output  b
}

network {
    cells  one
}
