use std.cnn
cell one { inputs 1; node n1 = conv({1, 2, 3, 4, 5, 6, 7}, padding = {1, 2, 3, 4, 5, 6, 7}, dilation = {1, 2, 3, 4, 5, 6, 7})(in1) }
network { stem conv(3, out = C); cells one }
