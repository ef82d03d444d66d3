use std.cnn
cell one {
    inputs  1
    let bent = searched(conv(1, bias = true))(in1)
    node n1 = {skip_connect, conv(3)}(bent)
    output  n1
}
network { stem conv(3, out = C); cells one; channels 4 }
data digits
search darts
evaluate { channels 8 }
