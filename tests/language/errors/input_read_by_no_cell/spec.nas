use std.cnn

cell mix {
    inputs  1
    nodes   1
    choose  skip_connect, relu
    output  last
}

network {
    input     user: 3, item: 4
    stem      user: linear(C), item: linear(C)
    channels  4
    cells     mix * 2
    head      linear(classes)
}
