# NASNet-A (Zoph et al., CVPR 2018, arXiv:1707.07012) as evaluated by DARTS: 5 nodes per cell.

use papers.darts

cell normal {
    node n1 = sep_conv(5)(in2) + sep_conv(3)(in1)
    node n2 = sep_conv(5)(in1) + sep_conv(3)(in1)
    node n3 = avg_pool(3)(in2) + skip_connect(in1)
    node n4 = avg_pool(3)(in1) + avg_pool(3)(in1)
    node n5 = sep_conv(3)(in2) + skip_connect(in2)
}

cell reduction {
    node n1 = sep_conv(5)(in2) + sep_conv(7)(in1)
    node n2 = max_pool(3)(in2) + sep_conv(7)(in1)
    node n3 = avg_pool(3)(in2) + sep_conv(5)(in1)
    node n4 = skip_connect(n2) + avg_pool(3)(n1)
    node n5 = sep_conv(3)(n1) + max_pool(3)(in2)
    output  concat(n3, n4, n5)
}
