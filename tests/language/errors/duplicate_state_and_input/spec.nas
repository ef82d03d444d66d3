use std.rnn

cell one {
    inputs  x
    states  x
    let b = tanh(x)
    output  b
}

network {
    cells  one
}
