use std.cnn
cell one { inputs 1; node n1 = conv({1, 3})(in1) }
network { stem conv(3, out = C); cells one }
