# The second-order cells of DARTS (Liu, Simonyan and Yang, ICLR 2019, arXiv:1806.09055, appendix A.3)
# on ImageNet: 14 cells of 48 channels, 224 pixels. The folder has `train` and `val`, each with a
# folder of pictures per class.
#
#   dslnas train specs/imagenet_darts_v2.nas --set data.path=imagenet --device cuda

use cnn.darts_v2
use networks.imagenet

network {
    input    3 x 224 x 224
    classes  1000
}

data images {
    fit           crop
    shorter_side  256
    stream        always
    split         49%, 49%, 2%  # `val` validates
    augment       resized_crop, flip, colour
}
