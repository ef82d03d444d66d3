# AmoebaNet-A (Real et al., AAAI 2019, arXiv:1802.01548) as evaluated by DARTS: 5 nodes per cell.

use papers.darts

cell normal {
    node n1 = avg_pool(3)(in1) + max_pool(3)(in2)
    node n2 = sep_conv(3)(in1) + sep_conv(5)(n1)
    node n3 = sep_conv(3)(in1) + avg_pool(3)(n2)
    node n4 = sep_conv(3)(in2) + skip_connect(in2)
    node n5 = skip_connect(in1) + avg_pool(3)(in2)
    output  concat(n3, n4, n5)
}

cell reduction {
    node n1 = avg_pool(3)(in1) + sep_conv(3)(in2)
    node n2 = max_pool(3)(in1) + sep_conv(7)(n1)
    node n3 = sep_conv(7)(in1) + avg_pool(3)(in2)
    node n4 = max_pool(3)(in1) + max_pool(3)(in2)
    node n5 = conv_1xk_kx1(7)(in1) + sep_conv(3)(n4)
    output  concat(n2, n3, n5)
}
