use std.rnn

cell one {
    inputs  x
    states  h
    let b = tanh(x + h)
    output  b
}

network {
    cells  one
}
