use std.rnn

cell one {
    inputs  x
    states  h
    let z = sigmoid(linear(C)(x + h))
    let b = tanh(x) + z * (h - tanh(x))
    output  b
}

network {
    cells  one
}
