# NASP with 7 operations on CIFAR-10 (Yao, Xu, Tu and Zhu, AAAI 2020, arXiv:1905.13577): those of
# DARTS but `none`. The weighed cost of the operations makes the cells smaller.
#
# dslnas compile specs/cifar10_nasp_7.nas --search --set data.path=cifar-10-batches-bin

use papers.nasp

cell normal {
    choose  nasp_seven
}

cell reduction {
    choose  nasp_seven
}

data cifar10

search nasp {
    complexity  0.1
    cells       normal
}

evaluate {
    augment    cutout(16)
    auxiliary  0.4
}
