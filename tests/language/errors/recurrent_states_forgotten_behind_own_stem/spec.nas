use std.rnn

op words = embedding -> drop_embedded

cell c {
    inputs  x
    let a = tanh(x)
    output  a
}

network {
    stem   words -> tanh
    cells  c
}
