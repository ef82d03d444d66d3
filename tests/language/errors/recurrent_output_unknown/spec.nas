use std.rnn

cell one {
    inputs  x
    states  h
    let b = x + h
    output  h_next
}

network {
    cells  one
}
