op conv_bn(k) = conv(k) -> batch_norm
cell one {
    inputs  1
    stride  2
    node n1 = {conv_bn(1), conv_bn(3)}(in1)
}
network {
    channels  8
    stem      conv(3)
    cells     one
    head      global_avg_pool -> linear(classes)
}
search darts_minus
