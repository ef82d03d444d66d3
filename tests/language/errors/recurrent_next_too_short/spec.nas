use std.rnn

cell one {
    inputs  x
    states  h, c
    let b = x + h + c
    next    b
    output  b
}

network {
    cells  one
}
