use std.rnn

cell one {
    inputs  x
    states  h
    let a = tanh(b) + x + h
    node b = relu(a)
    output  b
}

network {
    cells  one
}
