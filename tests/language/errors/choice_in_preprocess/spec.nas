use std.cnn
cell one { inputs 1; preprocess conv(1) -> {relu, tanh}; node n1 = {conv(3), skip_connect}(in1); output n1 }
network { stem conv(3, out = C); cells one }
