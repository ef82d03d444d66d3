# Which of six things somebody does, by 128 steps of nine sensors: three axes each of acceleration, of
# acceleration without gravity, and of rotation, as in Human Activity Recognition Using Smartphones
# (Anguita et al., ESANN 2013). Give an archive with x_train (N, 9, 128), y_train, x_test and y_test:
# --set data.path=FILE. Layers of images slide along time.

use std.attention

op attention(heads) = layer_norm -> on_signal(self_attention(heads)) -> batch_norm

ops along_time = none, skip_connect, max_pool(3), sep_conv({3, 5}), dil_conv(5), attention(2)

cell normal {
    inputs      2
    preprocess  preprocess
    nodes       2
    choose      along_time
    keep        2
    output      concat
}

cell reduction like normal {
    stride  2
    widen   2
}

network {
    input     9 x 128
    classes   6
    stem      conv(7, out = 2 * C, stride = 2) -> batch_norm
    cells     reduction, normal, reduction
    channels  8
}

data signals

search darts {
    epochs  10
    arch    adam(lr = 3e-3)
}

evaluate {
    channels   16
    epochs     30
    batch      64
    drop_path  0
    weights    adamw(lr = cosine(0.003, 0), weight_decay = 0.01)
}
