use std.cnn

cell one {
    inputs      1
    preprocess  preprocess
    node n1 = {sep_conv(3), skip_connect}(in1)
}

network {
    cells  one * N
}

evaluate {
    auxiliary  0.4
}
