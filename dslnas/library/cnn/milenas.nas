# The cells that MiLeNAS found with first-order gradients (He, Ye, Shen and Zhang, CVPR 2020,
# arXiv:2003.12238): those of 3.87 million parameters, which its program names r101_e50_48_n7r3.

use papers.darts

cell normal {
    node n1 = sep_conv(3)(in2) + sep_conv(3)(in1)
    node n2 = dil_conv(3)(in1) + sep_conv(3)(in2)
    node n3 = skip_connect(in1) + sep_conv(3)(in2)
    node n4 = sep_conv(3)(in1) + sep_conv(5)(in2)
}

cell reduction {
    node n1 = dil_conv(3)(in1) + sep_conv(3)(in2)
    node n2 = skip_connect(n1) + max_pool(3)(in1)
    node n3 = skip_connect(n1) + dil_conv(5)(n2)
    node n4 = skip_connect(n1) + max_pool(3)(in1)
}
