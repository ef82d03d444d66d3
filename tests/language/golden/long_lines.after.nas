ops darts = none, max_pool(3), avg_pool(3), skip_connect,
    sep_conv(3), sep_conv(5), dil_conv(3), dil_conv(5)
cell normal {
    node n1 = sep_conv(3)(in1) + sep_conv(3)(in2) + sep_conv(5)(in1) +
        sep_conv(5)(in2) + dil_conv(3)(in1) + dil_conv(3)(in2)
    node n2 = {skip_connect, sep_conv(3), sep_conv(5),
        dil_conv(3), dil_conv(5), max_pool(3)}(in1) + none(in2)
    output  concat(n1, n2)
}
network {
    auxiliary  relu -> avg_pool2d(5, stride = 3, padding = 0) -> conv(1, out = 128) -> batch_norm
        -> relu -> conv(2, out = 768, padding = 0) -> batch_norm -> relu -> linear(classes)
    cells      normal * N, reduction, normal * N, reduction,
        normal * N, reduction, normal * N, reduction, normal * N
}
