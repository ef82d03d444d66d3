use std.rnn

cell one {
    inputs  x
    states  h
    let b = x + h
    output  x
}

network {
    cells  one
}
