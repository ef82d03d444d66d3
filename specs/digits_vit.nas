# A vision transformer (Dosovitskiy et al., ICLR 2021) with blocks that are searched: each chooses the
# heads of its attention and how many times wider its MLP is; `skip_connect` leaves it out. Patches of
# 2 x 2 pixels are the tokens, and their places are learned.

use std.attention

cell encoder {
    inputs  1
    node b1 = vit_block({1, 2, 4}, {2, 4})(in1)
    node b2 = {vit_block({1, 2, 4}, {2, 4}), skip_connect}(b1)
    node b3 = {vit_block({1, 2, 4}, {2, 4}), skip_connect}(b2)
    output  b3
}

network {
    stem      conv(2, stride = 2, padding = 0, out = C, bias = true) -> position
    cells     encoder
    channels  16
    head      layer_norm(eps = 1e-6) -> global_avg_pool -> linear(classes)
}

data digits {
    augment  crop(1)
}

search darts {
    epochs   10
    weights  adamw(lr = cosine(0.005, 0), weight_decay = 0.05)
    arch     adam(lr = 3e-3)
}

evaluate {
    channels         32
    epochs           40
    batch            64
    drop_path        0
    weights          adamw(lr = cosine(0.005, 0), weight_decay = 0.05)
    label_smoothing  0.1
}
