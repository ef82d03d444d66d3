# Operations of one's own: one line each, no Python. They run in the supernet, in the ONNX model and
# in the generated module.

use std.cnn

# Squeeze and excitation (Hu, Shen and Sun, CVPR 2018): channels are weighed by what all pixels say.
op excite = multiply(identity,
    global_avg_pool -> conv(1, out = C_in / 4) -> relu -> conv(1, out = C_in) -> sigmoid)

# An inverted residual with excitation (MobileNetV3, Howard et al., ICCV 2019).
op inverted(k, widen) = conv(1, out = widen * C_in) -> batch_norm -> hard_swish
    -> depthwise(k) -> batch_norm -> hard_swish -> excite -> conv(1) -> batch_norm

ops mine = skip_connect, max_pool(3), sep_conv(3), inverted(3, 2), inverted(5, 2)

cell normal {
    inputs      2
    preprocess  preprocess
    nodes       2
    choose      mine
    keep        2
}

cell reduction like normal {
    stride  2
    widen   2
}

network {
    channels  8
    cells     normal, reduction, normal
}

data digits {
    augment  crop(1)
}

search milenas {
    epochs  6
    arch    adam(lr = 3e-3)
}

evaluate {
    channels   16
    epochs     20
    batch      64
    drop_path  0
    weights    sgd(lr = cosine(0.1, 0))
}
