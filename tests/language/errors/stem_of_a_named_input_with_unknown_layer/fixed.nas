use std.cnn

cell mix {
    inputs  2
    nodes   1
    choose  skip_connect, relu
}

network {
    input  user: 3
    stem   user: linear(C)
    cells  mix
    head   linear(classes)
}
