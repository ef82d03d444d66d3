use std.cnn

cell mix {
    inputs  2
    nodes   1
    choose  skip_connect, relu
}

network {
    input  user: token(0), item: token(2.5), word: token(n = 3)
    stem   user: embedding(C), item: embedding(C), word: embedding(C)
    cells  mix
    head   linear(classes)
}
