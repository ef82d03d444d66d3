use std.cnn

ops mine = none, skip_connect, sep_conv(3), max_pool(3)

cell normal {
    inputs 2
    preprocess preprocess
    nodes 3
    choose mine
    keep 2
}

network {
    channels 16
    cells normal * N, normal
}

data digits { batch 64 }

search darts {
    epochs 10
    weights sgd(lr = 0.025)
}
