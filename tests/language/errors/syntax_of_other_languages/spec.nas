use std.cnn

ops mine = [none, skip_connect, SepConv(3), max_pool(3)]

cell normal = {
    inputs: 2
    preprocess: preprocess
    nodes = 3
    choose: [mine]
    keep: "2"
}

network {
    channels = 1_6
    cells normal * N, normal
}

data digits { batch = 64 }

search dart {
    epochs: 10
    weights: SGD(lr = 0,025)
}
