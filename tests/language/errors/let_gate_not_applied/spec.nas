use std.rnn

cell one {
    inputs  x
    states  h
    let b = highway + x + h
    output  b
}

network {
    cells  one
}
