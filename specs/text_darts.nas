# The recurrent demo: DARTS' cells (Liu, Simonyan and Yang, ICLR 2019, arXiv:1806.09055) for the
# letters of a novel. Write `search nasp`, `search milenas` or `search random`: another method runs.

use papers.darts_rnn

# The running statistics of `search_norm`, which all nodes share, fit none of them for many epochs.
cell recurrent {
    nodes      4
    normalise  search_bound
}

data text {
    batch  32
    steps  32
}

search darts {
    epochs   1
    weights  sgd(lr = 0.5, momentum = 0.9, weight_decay = 5e-7, clip = 1)
    dropout  variational(words = 0, embedded = 0, input = 0.1, state = 0.1, output = 0.1)
}

network {
    channels  64
}

evaluate {
    channels  128
    epochs    4
    batch     32
    weights   sgd(lr = cosine(10, 1), momentum = 0, weight_decay = 1e-6, clip = 0.25)
    dropout   variational(words = 0, embedded = 0, input = 0, state = 0, output = 0.1)
    average   0
    vary      nothing
}
