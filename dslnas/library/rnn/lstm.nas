# Long short-term memory (Hochreiter and Schmidhuber, 1997; forget gate of Gers, Schmidhuber and
# Cummins, 2000). Gates stand in the order i, f, g, o, with two biases, as in torch.nn.LSTM.

use std.rnn

cell lstm {
    inputs  x
    states  h, c
    let gates = linear(4 * C)(drop_input(x)) + linear(4 * C)(drop_state(h))
    let i = sigmoid(split(4, 0)(gates))
    let f = sigmoid(split(4, 1)(gates))
    let g = tanh(split(4, 2)(gates))
    let o = sigmoid(split(4, 3)(gates))
    let c_next = f * c + i * g
    let h_next = o * tanh(c_next)
    next    h_next, c_next
    output  h_next
}

network {
    cells  lstm
}
