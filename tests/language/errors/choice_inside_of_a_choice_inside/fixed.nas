use std.cnn
op joined(f) = f -> batch_norm
cell one { inputs 1; node n1 = joined({conv(1), conv(3), relu})(in1) }
network { stem conv(3, out = C); cells one }
