# The cells that SETN found (Dong and Yang, ICCV 2019, arXiv:1910.05733).

use papers.darts

cell normal {
    node n1 = skip_connect(in1) + sep_conv(5)(in2)
    node n2 = sep_conv(5)(in1) + sep_conv(3)(in2)
    node n3 = sep_conv(5)(in2) + sep_conv(5)(n2)
    node n4 = max_pool(3)(in2) + conv_1xk_kx1(3)(n3)
}

cell reduction {
    node n1 = sep_conv(3)(in1) + sep_conv(5)(in2)
    node n2 = avg_pool(3)(in1) + sep_conv(5)(in2)
    node n3 = avg_pool(3)(in1) + sep_conv(5)(in2)
    node n4 = avg_pool(3)(in1) + skip_connect(in2)
}
