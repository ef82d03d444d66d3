use std.cnn
ops none = {}

cell normal {
    inputs 1
    node n1 = conv({})(in1)
}

network {
    channels {}
    cells normal
}
