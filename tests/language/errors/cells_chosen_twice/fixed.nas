use std.cnn
cell one { inputs 1; node n1 = conv(3)(in1); output n1 }
cell two like one { widen 2 }
network { stem conv(3, out = C); cells {one}, two }
