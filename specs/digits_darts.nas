# The demo: cells of DARTS (Liu, Simonyan and Yang, ICLR 2019, arXiv:1806.09055) on scikit-learn's digits.
# Write `search milenas`, `search nasp` or `search random` below, and another method runs.

use std.cnn

ops small = none, skip_connect, max_pool(3), avg_pool(3), sep_conv(3), dil_conv(3)

cell normal {
    inputs      2
    preprocess  preprocess
    nodes       3
    choose      small
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
