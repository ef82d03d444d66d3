# The network in which DARTS (Liu, Simonyan and Yang, ICLR 2019, arXiv:1806.09055, appendix A.2) and
# others after it train cells for CIFAR-10: 20 cells from 36 channels on, with an auxiliary head.
#
#     use cnn.darts_v2
#     use networks.cifar10

use std.cnn

network {
    cells  normal * N, reduction, normal * N, reduction, normal * N
}

data cifar10

evaluate {
    channels   36
    repeat     6
    epochs     600
    batch      96
    weights    sgd(lr = cosine(0.025, 0), momentum = 0.9, weight_decay = 3e-4, clip = 5)
    augment    cutout(16)
    drop_path  0.2
    auxiliary  0.4
}
