# MiLeNAS, first order, on CIFAR-10 (He, Ye, Shen and Zhang, CVPR 2020, arXiv:2003.12238): the space
# of DARTS, alpha trained by the losses on both halves of the data.
#
# dslnas compile specs/cifar10_milenas.nas --search --set data.path=cifar-10-batches-bin --device cuda

use papers.darts

data cifar10

search milenas {
    lambda  1
}

evaluate {
    augment    cutout(16)
    auxiliary  0.4
}
