use std.cnn
op third = operand(3) -> conv(1)
cell normal {
    inputs  2
    node n1 = third(in1, in2)
    output  n1
}
network { cells normal; stem conv(3, out = C) }
data digits
