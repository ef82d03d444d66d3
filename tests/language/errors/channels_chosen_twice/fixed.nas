use std.cnn
cell one { inputs 1; node n1 = {conv(3), skip_connect}(in1); output n1 }
network { stem conv(3, out = C); channels {8, 16}; cells one }
