use std.rnn

cell one {
    inputs  x
    states  h
    let h = tanh(x)
    let b = x + h
    output  b
}

network {
    cells  one
}
