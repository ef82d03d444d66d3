use std.rnn

cell one {
    inputs  x
    states  h
    let b =
    output  b
}

network {
    cells  one
}
