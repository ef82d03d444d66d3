# DARTS, first order, on CIFAR-10, as in the paper (Liu, Simonyan and Yang, ICLR 2019,
# arXiv:1806.09055): 8 cells of 16 channels are searched, 20 cells of 36 channels are trained.
#
# dslnas compile specs/cifar10_darts.nas --search --set data.path=cifar-10-batches-bin --device cuda

use papers.darts

data cifar10 {
    split  45%, 45%, 10%  # the paper's halves, less what validates
}

search darts {
    order  first
}

evaluate {
    augment    cutout(16)
    auxiliary  0.4
}
