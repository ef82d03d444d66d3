# The residual block in the space of NAS-Bench-201 (Dong and Yang, ICLR 2020, arXiv:2001.00326), the
# hand-made cell that it holds others against.

use papers.nas_bench_201
use networks.nas_bench_201

cell cell201 {
    node n1 = nor_conv(3)(in1)
    node n2 = nor_conv(3)(n1)
    node n3 = skip_connect(in1) + skip_connect(n2)
}
