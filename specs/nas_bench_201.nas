# The space of NAS-Bench-201 (Dong and Yang, ICLR 2020, arXiv:2001.00326): 15,625 architectures of
# one cell, in three stages with residual blocks between them, searched by DARTS.

use papers.nas_bench_201
use networks.nas_bench_201

data cifar10

search darts
