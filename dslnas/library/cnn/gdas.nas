# The cells that GDAS found, normal and reduction cell searched (Dong and Yang, CVPR 2019,
# arXiv:1910.04465): GDAS_V1 of its program.

use papers.darts

cell normal {
    node n1 = skip_connect(in1) + skip_connect(in2)
    node n2 = skip_connect(in1) + sep_conv(5)(n1)
    node n3 = sep_conv(3)(n2) + skip_connect(in1)
    node n4 = sep_conv(5)(n3) + sep_conv(3)(n2)
}

cell reduction {
    node n1 = sep_conv(5)(in1) + sep_conv(3)(in2)
    node n2 = sep_conv(5)(n1) + sep_conv(5)(in2)
    node n3 = dil_conv(5)(n1) + sep_conv(3)(in2)
    node n4 = sep_conv(5)(in1) + sep_conv(5)(in2)
}
