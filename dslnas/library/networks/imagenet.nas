# The network in which DARTS (Liu, Simonyan and Yang, ICLR 2019, arXiv:1806.09055, appendix A.3) and
# others after it train cells for ImageNet: 14 cells from 48 channels on, behind a stem that makes an
# eighth of the sides.
#
#     use cnn.darts_v2
#     use networks.imagenet
#     data images { path "imagenet"; size 224; fit crop }

use std.cnn

op second_half = relu -> conv(3, out = C, stride = 2) -> batch_norm

# The stem gives two outputs, the second of half the sides, and the first cell reads both: so the
# second half of the stem is a cell.
cell halve {
    inputs  1
    stride  2
    node n1 = second_half(in1)
    output  last
}

network {
    stem       conv(3, out = C / 2, stride = 2) -> batch_norm
        -> relu -> conv(3, out = C, stride = 2) -> batch_norm
    cells      halve, normal * N, reduction, normal * N, reduction, normal * N
    auxiliary  relu -> avg_pool2d(5, stride = 2, padding = 0) -> conv(1, out = 128)
        -> batch_norm -> relu -> conv(2, out = 768, padding = 0) -> relu -> linear(classes)
}

evaluate {
    channels         48
    repeat           4
    epochs           250
    batch            128
    weights          sgd(lr = exponential(0.1, 0.97), momentum = 0.9, weight_decay = 3e-5, clip = 5)
    label_smoothing  0.1
    drop_path        0
    auxiliary        0.4
}
