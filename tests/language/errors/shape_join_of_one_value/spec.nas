use std.cnn
op plus = add -> conv(1)
cell normal {
    inputs  1
    node n1 = plus(in1)
    output  n1
}
network { cells normal; stem conv(3, out = C) }
data digits
