cell reduction like normal {
    stride  2
    widen   2
}
evaluate {
    epochs     600
    drop_path  0.2
}
data cifar10
search darts
cell empty {}
network
