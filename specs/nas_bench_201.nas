# The space of NAS-Bench-201 (Dong and Yang, ICLR 2020, arXiv:2001.00326): 15,625 architectures of
# one cell, in three stages with residual blocks between them, searched by DARTS.

use papers.nas_bench_201

data cifar10

search darts

evaluate {
    channels   16
    repeat     5
    epochs     200
    batch      256
    drop_path  0
    weights    sgd(lr = cosine(0.1, 0), weight_decay = 5e-4)
}
