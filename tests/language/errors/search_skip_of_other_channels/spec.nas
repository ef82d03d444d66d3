use std.cnn
cell one {
    inputs  1
    node n1 = {relu_conv_bn(1), relu_conv_bn(3)}(in1)
}
network { channels 8; cells one; stem conv(3, out = 2*C) }
search milenas {
    skip  fading
}
