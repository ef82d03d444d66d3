use std.cnn

cell one {
    inputs  2
    nodes   1
    choose  tanh, relu
    keep    1
}

network {
    input     user: 3, item: 5
    stem      user: linear(C), item: linear(C)
    channels  4
    cells     one, one
    head      linear(classes)
}
