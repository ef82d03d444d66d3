use std.cnn

cell mix {
    inputs  2
    nodes   1
    choose  skip_connect, relu
}

network {
    input  user: 3, item: 4
    stem   user: linear(C), item: linear(C)
    cells  mix
    head   linear(classes)
}
