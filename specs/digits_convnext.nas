# ConvNeXt (Liu et al., CVPR 2022) with blocks that are searched: each chooses its kernel and how many
# times wider its inner layer is; `skip_connect` leaves it out. A patchify stem, stages that are
# downsampled between, and every block of a stage with an alpha of its own.

use std.vision

op downsample = layer_norm(eps = 1e-6) -> conv(2, stride = 2, padding = 0, bias = true)

cell stage {
    inputs  1
    node b1 = convnext({3, 5, 7}, {2, 4})(in1)
    node b2 = {convnext({3, 5, 7}, {2, 4}), skip_connect}(b1)
    node b3 = {convnext({3, 5, 7}, {2, 4}), skip_connect}(b2)
    output  b3
}

cell late like stage {}

cell between {
    inputs  1
    stride  2
    widen   2
    node down = downsample(in1)
    output  down
}

network {
    stem      conv(2, stride = 2, padding = 0, out = C, bias = true) -> layer_norm(eps = 1e-6)
    cells     stage, between, late
    channels  12
    head      global_avg_pool -> layer_norm(eps = 1e-6) -> linear(classes)
}

data digits {
    augment  crop(1)
}

search darts {
    epochs   6
    weights  adamw(lr = cosine(0.003, 0), weight_decay = 0.05)
    arch     adam(lr = 3e-3)
}

evaluate {
    channels         24
    epochs           30
    batch            64
    drop_path        0
    weights          adamw(lr = cosine(0.003, 0), weight_decay = 0.05)
    label_smoothing  0.1
}
