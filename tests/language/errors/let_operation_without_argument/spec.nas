use std.rnn

cell one {
    inputs  x
    states  h
    let b = linear(x + h)
    output  b
}

network {
    cells  one
}
