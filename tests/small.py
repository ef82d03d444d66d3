"""A spec that searches in a second, for tests of everything around it."""

SMALL = """
use std.cnn

ops few = none, skip_connect, max_pool(3), sep_conv(3)

cell normal {
    inputs      2
    preprocess  preprocess
    nodes       2
    choose      few
    keep        2
}

cell reduction like normal {
    stride  2
    widen   2
}

network {
    channels  4
    cells     normal, reduction
}

data digits {
    subset  10%
    batch   32
}

search darts {
    epochs  1
}

evaluate {
    channels   4
    epochs     1
    batch      32
    drop_path  0.1
}
"""

LONGER = SMALL.replace("    epochs     1", "    epochs     3")
"""The same with three epochs of training."""
