use std.rnn

cell one {
    inputs  x
    states  h
    let b = x + h

}

network {
    cells  one
}
