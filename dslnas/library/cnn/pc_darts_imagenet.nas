# The cells that PC-DARTS found on ImageNet (Xu et al., ICLR 2020, arXiv:1907.05737).

use papers.darts

cell normal {
    node n1 = skip_connect(in2) + sep_conv(3)(in1)
    node n2 = sep_conv(3)(in1) + skip_connect(in2)
    node n3 = sep_conv(3)(in2) + sep_conv(3)(n2)
    node n4 = sep_conv(3)(in2) + dil_conv(5)(n3)
}

cell reduction {
    node n1 = sep_conv(3)(in1) + skip_connect(in2)
    node n2 = dil_conv(5)(n1) + max_pool(3)(in2)
    node n3 = sep_conv(3)(n1) + sep_conv(3)(in2)
    node n4 = sep_conv(5)(in1) + sep_conv(3)(n2)
}
