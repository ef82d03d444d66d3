use std.cnn

cell mix {
    inputs  2
    nodes   1
    choose  skip_connect, relu
}

network {
    input    user: token(500), item: token(20)
    classes  3
    stem     user: embedding(C), item: embedding(C)
    cells    mix
    head     linear(classes)
}
