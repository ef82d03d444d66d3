# How NAS-Bench-201 (Dong and Yang, ICLR 2020, arXiv:2001.00326) trains a cell: three stages of five
# cells, from 16 channels on. Its SGD has Nesterov's momentum, which is not written here.

evaluate {
    channels   16
    repeat     5
    epochs     200
    batch      256
    drop_path  0
    weights    sgd(lr = cosine(0.1, 0), weight_decay = 5e-4)
}
