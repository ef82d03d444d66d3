use std.rnn

cell one {
    inputs  x
    states  h
    let b = subtract(x, h, x)
    output  b
}

network {
    cells  one
}
