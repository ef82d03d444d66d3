use std.cnn
cell plain {
    inputs  1
    let bent = searched(conv(3))(in1)
    node n1 = relu(bent)
    output  n1
}
network { cells plain; stem conv(3, out = C) }
data digits
