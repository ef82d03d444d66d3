use std.cnn
cell one { inputs 1; node n1 = conv(3, out = {4, 8})(in1); }
network { stem conv(3, out = C); cells one }
