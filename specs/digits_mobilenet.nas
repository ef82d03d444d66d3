# MobileNetV3 (Howard et al., ICCV 2019) with layers that are searched: each inverted residual chooses
# its kernel, its expansion, and whether squeeze and excitation weighs its channels; `skip_connect`
# leaves it out.

use std.vision

op excite = squeeze_excite(weigh = hard_sigmoid)

ops attention = identity, excite
ops layers = inverted_residual({3, 5, 7}, {3, 6}, hard_swish, attention)
ops more = layers + skip_connect

cell stage {
    inputs  1
    stride  2
    widen   2
    node n1 = {layers}(in1)
    node n2 = {more}(n1)
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
    epochs  6
    arch    adam(lr = 3e-3)
}

evaluate {
    channels   8
    epochs     20
    batch      64
    drop_path  0
    weights    sgd(lr = cosine(0.1, 0))
}
