use std.rnn

cell one {
    inputs  x
    states  h
    let b = x + state
    output  b
}

network {
    cells  one
}
