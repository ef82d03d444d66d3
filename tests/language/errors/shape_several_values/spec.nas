use std.cnn
op plus = add -> conv(1)
op bent = relu -> conv(1)
op third = operand(3) -> conv(1)
cell normal {
    inputs  2
    node n1 = {plus, bent}(in1, in2)
    node n2 = plus(n1)
    node n3 = third(n1, n2)
    output  n3
}
network { cells normal; stem conv(3, out = C) }
data digits
