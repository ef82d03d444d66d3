use std.rnn

let HALF = 0.5

cell one {
    inputs  x
    states  h
    let b = HALF * x + h
    output  b
}

network {
    cells  one
}
