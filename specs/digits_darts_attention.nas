# DARTS with attention among its operations: an edge may look at all places of the image at once. As
# with every operation of that space, batch_norm makes what is mixed comparable.

use std.attention

op attention(heads) = layer_norm -> self_attention(heads) -> batch_norm

ops mixed = none, skip_connect, max_pool(3), sep_conv(3), dil_conv(3), attention({1, 4})

cell normal {
    inputs      2
    preprocess  preprocess
    nodes       3
    choose      mixed
    keep        2
    output      concat
}

cell reduction like normal {
    stride  2
    widen   2
}

network {
    channels  8
    repeat    1
    cells     normal * N, reduction, normal * N
}

data digits {
    augment  crop(1)
}

search darts {
    epochs  6
    arch    adam(lr = 3e-3)
}

evaluate {
    channels   16
    repeat     1
    epochs     20
    batch      64
    drop_path  0
    weights    sgd(lr = cosine(0.1, 0))
}
