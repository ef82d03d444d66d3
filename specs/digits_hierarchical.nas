# A hierarchical space: cells of NAS-Bench-201 (Dong and Yang, ICLR 2020) inside of larger cells, which
# choose how they are joined. Every inner cell chooses anew, so a stage has twice its six edges.

use papers.nas_bench_201

cell stage {
    inputs  1
    none    allowed
    node first = cell201(in1)
    node second = cell201(first) + {none, skip_connect, nor_conv(1)}(in1)
    output  second
}

cell late like stage {}

network {
    cells     stage, residual, late
    channels  8
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
    epochs     20
    batch      64
    drop_path  0
    weights    sgd(lr = cosine(0.1, 0))
}
