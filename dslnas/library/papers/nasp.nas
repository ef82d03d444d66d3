# The 12 operations of NASP (Yao, Xu, Tu and Zhu, AAAI 2020, arXiv:1905.13577): 8 in the normal
# cell, 5 in the reduction cell.

use std.cnn

ops nasp_normal = skip_connect, conv_1xk_kx1(3), dil_conv(3),
    relu_conv_bn(1), relu_conv_bn(3), sep_conv(3), sep_conv(5), sep_conv(7)

ops nasp_reduction = skip_connect, avg_pool(3), max_pool(3), max_pool(5), max_pool(7)

# The other space of the paper: those of DARTS but `none`, in both cells (`choose nasp_seven`).
ops nasp_seven = max_pool(3), avg_pool(3), skip_connect,
    sep_conv(3), sep_conv(5), dil_conv(3), dil_conv(5)

cell normal {
    inputs      2
    preprocess  preprocess
    nodes       4
    choose      nasp_normal
    keep        2
    output      concat
}

cell reduction like normal {
    choose  nasp_reduction
    stride  2
    widen   2
}

network {
    cells  normal * N, reduction, normal * N, reduction, normal * N
}
