use std.rnn

cell one {
    inputs  x
    states  h
    let C = tanh(x + h)
    output  C
}

network {
    cells  one
}
