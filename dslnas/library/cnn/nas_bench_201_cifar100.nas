# A cell of NAS-Bench-201 (Dong and Yang, ICLR 2020, arXiv:2001.00326), the best there on CIFAR-100:
# 73.5 % of the test images, the mean of three trainings. NATS-Bench (Dong et al., TPAMI 2021,
# arXiv:2009.00437) varies the channels of this cell.

use papers.nas_bench_201
use networks.nas_bench_201

cell cell201 {
    node n1 = nor_conv(3)(in1)
    node n2 = nor_conv(3)(in1) + nor_conv(3)(n1)
    node n3 = skip_connect(in1) + nor_conv(3)(n1) + nor_conv(3)(n2)
}
