# The cells of NASP (Yao, Xu, Tu and Zhu, AAAI 2020, arXiv:1905.13577), 12 operations.

use papers.nasp

cell normal {
    node n1 = conv_1xk_kx1(3)(in1) + relu_conv_bn(3)(in2)
    node n2 = dil_conv(3)(n1) + relu_conv_bn(3)(in2)
    node n3 = dil_conv(3)(n1) + relu_conv_bn(3)(in1)
    node n4 = skip_connect(in1) + dil_conv(3)(n2)
}

cell reduction {
    node n1 = max_pool(3)(in1) + max_pool(3)(in2)
    node n2 = skip_connect(n1) + max_pool(5)(in2)
    node n3 = skip_connect(n1) + skip_connect(n2)
    node n4 = skip_connect(in1) + skip_connect(in2)
}
