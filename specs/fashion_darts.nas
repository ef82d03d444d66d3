# A small space on Fashion-MNIST (Xiao, Rasul and Vollgraf, arXiv:1708.07747), to compare methods.
# Give the folder of its four IDX files: --set data.path=DIR. `benchmarks/compare.py` runs them all,
# those that learn alpha with --set 'search.arch=adam(lr = 1e-2)': five epochs are few.

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
    input     1 x 28 x 28
    classes   10
    stem      conv(3, out = 3 * C, stride = 2) -> batch_norm
    channels  8
    cells     reduction, normal, reduction
}

data idx {
    split  1%, 1%, 1%
}

search darts {
    epochs  5
}

evaluate {
    channels   8
    epochs     12
    batch      64
    drop_path  0
    weights    sgd(lr = cosine(0.1, 0))
}
