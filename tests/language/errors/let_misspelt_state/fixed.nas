use std.rnn

cell one {
    inputs  x
    states  h, c
    let hidden = tanh(h + x)
    next    hidden, c
    output  hidden
}

network {
    cells  one
}
