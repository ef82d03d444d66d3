# Blocks of convolutional networks, to choose from or to build networks of.
#
# A block is strided where it stands, and adds what it reads where the shapes are the same.

use std.cnn

op residual(f) = f
    | when C_in = C and stride 1: add(f, identity)

# Every channel weighed by what is seen in all of them (Hu, Shen and Sun, CVPR 2018).
op squeeze_excite(ratio = 4, f = relu, weigh = sigmoid) = multiply(identity, global_avg_pool
    -> conv(1, out = C_in / ratio, bias = true) -> f -> conv(1, out = C_in, bias = true) -> weigh)

op expansion(n, f) = conv(1, out = n * C_in) -> batch_norm -> f
    | when n = 1: identity

op expanded_depthwise(k, n, f) = expansion(n, f)
    -> conv(k, out = n * C_in, groups = n * C_in, stride = stride) -> batch_norm -> f

# MobileNetV2 and V3 (Sandler et al., CVPR 2018; Howard et al., ICCV 2019); V3 passes
# `f = hard_swish` and `attention = squeeze_excite(weigh = hard_sigmoid)`.
op inverted_residual(k, expand = 6, f = relu6,
    attention = identity) = residual(expanded_depthwise(k,
    expand, f) -> attention -> conv(1) -> batch_norm)

# ConvNeXt (Liu et al., CVPR 2022).
op convnext(k = 7, expand = 4) = residual(conv(k, out = C_in, groups = C_in, bias = true)
    -> layer_norm(eps = 1e-6) -> conv(1, out = expand * C_in, bias = true)
    -> gelu -> conv(1, bias = true) -> scale(1e-6))

# The two blocks of ResNet (He et al., CVPR 2016), before the last activation.
op resnet_block(k = 3) = residual(conv(k) -> batch_norm -> relu -> conv(k) -> batch_norm)

op resnet_bottleneck(k = 3, ratio = 4) = residual(conv(1, out = C / ratio) -> batch_norm
    -> relu -> conv(k, out = C / ratio) -> batch_norm -> relu -> conv(1) -> batch_norm)
