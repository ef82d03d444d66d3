use std.cnn
gate open(f, state) { output searched(conv(1))(f(state)) }
cell plain {
    inputs  1
    let bent = in1 + searched(conv(3))(in1)
    node n1 = {relu, tanh}(bent)
    output  n1
}
network { cells plain; stem conv(3, out = C) }
data digits
