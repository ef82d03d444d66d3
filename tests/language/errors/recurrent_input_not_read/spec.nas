use std.rnn

cell one {
    inputs  x
    states  h
    let b = tanh(h)
    output  b
}

network {
    cells  one
}
