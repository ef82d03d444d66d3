use std.rnn

cell one {
    inputs  x
    states  h
    let b = x + h -> tanh
    output  b
}

network {
    cells  one
}
