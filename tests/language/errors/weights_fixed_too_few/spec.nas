use std.cnn
cell plain {
    inputs  1
    let bent = fixed(conv(1, out = 1), (0.5, 1e-3, -2))(in1)
    node n1 = {conv(1), conv(3)}(bent)
    output  n1
}
network { cells plain; stem conv(3, out = C) }
data digits
