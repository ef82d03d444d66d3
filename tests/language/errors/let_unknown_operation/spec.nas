use std.rnn

cell one {
    inputs  x
    states  h
    let b = tan(x + h)
    output  b
}

network {
    cells  one
}
