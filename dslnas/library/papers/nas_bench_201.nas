# The search space of NAS-Bench-201 (Dong and Yang, ICLR 2020, arXiv:2001.00326): one cell of
# 4 nodes (an input and 3 more), one of 5 operations on each of 6 edges, all edges kept.

use std.cnn

op nor_conv(k) = relu_conv_bn(k)

op bare_avg_pool(k) = avg_pool2d(k)

ops nas_bench_201 = none, skip_connect, nor_conv(1), nor_conv(3), bare_avg_pool(3)

op residual_block = add(2 * (relu -> conv(3) -> batch_norm), avg_pool2d(2, padding = 0) -> conv(1))

cell cell201 {
    inputs  1
    nodes   3
    choose  nas_bench_201
    keep    all
    none    allowed
    output  last
}

# The fixed block between the stages: half the size, twice the channels.
cell residual {
    inputs  1
    stride  2
    widen   2
    node block = residual_block(in1)
    output  last
}

network {
    repeat  5
    stem    conv(3, out = C) -> batch_norm(affine = true)
    head    batch_norm(affine = true) -> relu -> global_avg_pool -> linear(classes)
    cells   cell201 * N, residual, cell201 * N, residual, cell201 * N
}
