use std.rnn

cell one {
    inputs  x
    states  h
    let b = 2 * x + h
    output  b
}

network {
    cells  one
}
