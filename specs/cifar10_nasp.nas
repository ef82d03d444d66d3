# NASP with 12 operations on CIFAR-10 (Yao, Xu, Tu and Zhu, AAAI 2020, arXiv:1905.13577): the normal
# and the reduction cell choose from different operations, and one per edge runs.
#
# dslnas compile specs/cifar10_nasp.nas --search --set data.path=cifar-10-batches-bin --device cuda

use papers.nasp

data cifar10

search nasp

evaluate {
    augment    cutout(16)
    auxiliary  0.4
}
