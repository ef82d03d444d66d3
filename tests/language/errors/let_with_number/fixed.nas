use std.rnn

cell one {
    inputs  x
    states  h
    let b = (x + x) + h
    output  b
}

network {
    cells  one
}
