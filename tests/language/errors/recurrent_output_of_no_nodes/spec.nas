use std.rnn

cell one {
    inputs  x
    states  h
    let b = x + h
    output  mean
}

network {
    cells  one
}
