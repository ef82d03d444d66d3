use std.cnn
ops some = conv({3, 5, 7})
cell one { inputs 1; node n1 = {some}(in1); output n1 }
network { stem conv(3, out = C); cells one }
