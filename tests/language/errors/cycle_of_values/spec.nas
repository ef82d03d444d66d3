use std.rnn

cell one {
    inputs  x
    states  h
    let a = tanh(b) + x
    let b = tanh(a) + h
    output  b
}

network {
    cells  one
}
