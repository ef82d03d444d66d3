use std.cnn
cell one { inputs 1; node n1 = conv({3, 5, 7})(in1); output n1 }
network { stem conv(3, out = C); cells one }
