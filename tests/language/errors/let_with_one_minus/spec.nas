use std.rnn

cell one {
    inputs  x
    states  h
    let z = sigmoid(linear(C)(x + h))
    let b = z * h + (1 - z) * tanh(x)
    output  b
}

network {
    cells  one
}
