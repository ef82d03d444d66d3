use std.rnn

cell one {
    inputs  x
    states  h
    let b = linear(C, biass = true)(x + h)
    output  b
}

network {
    cells  one
}
