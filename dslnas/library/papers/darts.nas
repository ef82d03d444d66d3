# The convolutional search space of DARTS (Liu, Simonyan and Yang, ICLR 2019, arXiv:1806.09055).
# MiLeNAS (He et al., CVPR 2020) searches the same space.

use std.cnn

ops darts = none, max_pool(3), avg_pool(3), skip_connect,
    sep_conv(3), sep_conv(5), dil_conv(3), dil_conv(5)

cell normal {
    inputs      2  # the outputs of the two cells before
    preprocess  preprocess
    nodes       4  # each sums one choice per earlier node
    choose      darts
    keep        2  # incoming edges per node in the derived cell
    output      concat
}

cell reduction like normal {
    stride  2
    widen   2
}

network {
    cells  normal * N, reduction, normal * N, reduction, normal * N
}
