use std.rnn

cell one {
    inputs  x
    states  h
    let b = x + h
    normalise search_norm
    output  b
}

network {
    cells  one
}
