use std.cnn
cell one { inputs 1; node n1 = {sep_conv({3, 5}), skip_connect}(in1) }
network { cells one; stem conv(3, out = C) }
search darts
derive { count sep_conv({3, 5}) <= 1 }
