# The second-order cells of DARTS (Liu, Simonyan and Yang, ICLR 2019, arXiv:1806.09055).

use papers.darts

cell normal {
    node n1 = sep_conv(3)(in1) + sep_conv(3)(in2)
    node n2 = sep_conv(3)(in1) + sep_conv(3)(in2)
    node n3 = sep_conv(3)(in2) + skip_connect(in1)
    node n4 = skip_connect(in1) + dil_conv(3)(n1)
}

cell reduction {
    node n1 = max_pool(3)(in1) + max_pool(3)(in2)
    node n2 = skip_connect(n1) + max_pool(3)(in2)
    node n3 = max_pool(3)(in1) + skip_connect(n1)
    node n4 = skip_connect(n1) + max_pool(3)(in2)
}
