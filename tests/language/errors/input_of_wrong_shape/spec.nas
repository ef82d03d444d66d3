use std.cnn

cell mix {
    inputs  2
    nodes   1
    choose  skip_connect, relu
}

network {
    input  user: 0, item: (2, 3), word: 2.5
    stem   user: linear(C), item: linear(C), word: linear(C)
    cells  mix
    head   linear(classes)
}
