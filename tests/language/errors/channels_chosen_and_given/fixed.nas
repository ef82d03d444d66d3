use std.cnn
cell one { inputs 1; node n1 = conv(3)(in1); output n1 }
network { stem conv(3, out = C); channels {16, 24}; cells one }
evaluate { }
