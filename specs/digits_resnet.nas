# ResNet (He et al., CVPR 2016) of searched width and depth: how wide the whole network is, how many
# blocks follow the first of each stage, and whether blocks or bottlenecks stand there. Narrower
# networks use slices of the weights of the widest; the last blocks of a stage may be left out.

use std.vision

cell basic {
    inputs  1
    node n1 = (resnet_block({3, 5}) -> relu)(in1)
    output  n1
}

cell bottleneck {
    inputs  1
    node n1 = (resnet_bottleneck(3, ratio = {2, 4}) -> relu)(in1)
    output  n1
}

op entry = add(conv(3) -> batch_norm -> relu -> conv(3, stride = 1) -> batch_norm,
    conv(1) -> batch_norm) -> relu

cell down {
    inputs  1
    stride  2
    widen   2
    node n1 = entry(in1)
    output  n1
}

network {
    stem      conv(3, out = C) -> batch_norm -> relu
    channels  {4, 6, 8}
    cells     basic * {1, 2, 3}, down, {basic, bottleneck} * {1, 2}
    head      global_avg_pool -> linear(classes)
}

data digits {
    augment  crop(1)
}

search darts {
    epochs  8
    arch    adam(lr = 0.02)
}

evaluate {
    epochs     20
    batch      64
    drop_path  0
    weights    sgd(lr = cosine(0.1, 0))
}
