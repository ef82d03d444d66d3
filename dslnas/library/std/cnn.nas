# Operations of convolutional cells, as DARTS, NASP and NAS-Bench-201 define them.
#
# `C` is the number of channels of the cell, `C_in` that of the tensor which the operation reads.
# The stride of a place goes to the first layer that can take one, unless the body says where.
# batch_norm has scale and offset in the derived network only.

use std.common

op depthwise(k, dilation = 1) = conv(k, out = C_in, groups = C_in, dilation = dilation)
op pointwise = conv(1)

op skip_connect = identity
    | when stride 2: factorized_reduce

op factorized_reduce = relu
    -> concat(conv(1, stride = 2, out = C / 2), shift(1) -> conv(1, stride = 2, out = C / 2))
    -> batch_norm

# A pool is followed by batch_norm while searching, so that it weighs as much as a convolution.
op max_pool(k) = max_pool2d(k) -> batch_norm
    | when derived: max_pool2d(k)

op avg_pool(k) = avg_pool2d(k) -> batch_norm
    | when derived: avg_pool2d(k)

op sep_conv(k) = 2 * (relu -> depthwise(k) -> pointwise -> batch_norm)

op dil_conv(k) = relu -> depthwise(k, dilation = 2) -> pointwise -> batch_norm

op relu_conv_bn(k) = relu -> conv(k) -> batch_norm

# A convolution of 1 x k and one of k x 1, the stride divided between them.
op conv_1xk_kx1(k) = relu -> conv((1, k), stride = (1, stride))
    -> conv((k, 1), stride = (stride, 1)) -> batch_norm

# Brings an input of a cell to the cell's channels and size.
op preprocess = relu_conv_bn(1)
    | when stride 2: factorized_reduce

network {
    channels   16  # C
    repeat     2   # N
    stem       conv(3, out = 3 * C) -> batch_norm(affine = true)
    head       global_avg_pool -> linear(classes)
    auxiliary  relu -> avg_pool2d(5, stride = 3, padding = 0) -> conv(1, out = 128) -> batch_norm
        -> relu -> conv(2, out = 768, padding = 0) -> batch_norm -> relu -> linear(classes)
}
