# A cell of NAS-Bench-201 (Dong and Yang, ICLR 2020, arXiv:2001.00326), one of the best there on
# CIFAR-10: 94.4 % of the test images, the mean of three trainings.

use papers.nas_bench_201
use networks.nas_bench_201

cell cell201 {
    node n1 = nor_conv(3)(in1)
    node n2 = nor_conv(3)(in1) + nor_conv(3)(n1)
    node n3 = skip_connect(in1) + nor_conv(1)(n1) + nor_conv(3)(n2)
}
