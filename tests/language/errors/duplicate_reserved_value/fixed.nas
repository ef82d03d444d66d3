use std.rnn

cell one {
    inputs  x
    states  h
    let C_2 = tanh(x + h)
    output  C_2
}

network {
    cells  one
}
