use std.rnn

cell one {
    inputs  x
    states  h
    let b = x + h
    edge    highway
    output  b
}

network {
    cells  one
}
