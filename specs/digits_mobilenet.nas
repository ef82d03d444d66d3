# MobileNetV3 (Howard et al., ICCV 2019) with layers that are searched: each inverted residual chooses
# its kernel, its expansion, and whether squeeze and excitation weighs its channels, each by an alpha
# of its own; `skip_connect` leaves a layer out.

use std.vision

op excite = squeeze_excite(weigh = hard_sigmoid)

cell stage {
    inputs  1
    stride  2
    widen   2
    node n1 = inverted_residual({3, 5, 7}, {3, 6}, hard_swish, {identity, excite})(in1)
    node n2 = {inverted_residual({3, 5, 7}, {3, 6}, hard_swish, {identity, excite}),
        skip_connect}(n1)
    output  n2
}

cell late like stage {}

network {
    stem      conv(3, out = C) -> batch_norm -> hard_swish
    cells     stage, late
    channels  4
    head      conv(1, out = 4 * C) -> batch_norm -> hard_swish -> global_avg_pool -> linear(classes)
}

data digits {
    augment  crop(1)
}

search darts {
    epochs   6
    sharing  slices
    arch     adam(lr = 3e-3)
}

evaluate {
    channels   8
    epochs     20
    batch      64
    drop_path  0
    weights    sgd(lr = cosine(0.1, 0))
}
