use std.cnn
cell one {
    inputs 1
    node n1 = {skip_connect, conv(3)}(in1)
}
network { channels 8; cells one; stem conv(3, out = 2*C) }
search pc_darts {
    partial 2
}
