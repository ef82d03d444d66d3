use std.cnn
op joined(f) = f -> batch_norm
cell one { inputs 1; node n1 = {joined(conv(3)), joined(none), skip_connect}(in1) }
network { stem conv(3, out = C); cells one }
