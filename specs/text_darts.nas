# The recurrent demo: DARTS' cells (Liu, Simonyan and Yang, ICLR 2019, arXiv:1806.09055) for the
# letters of a novel. Write `search nasp`, `search milenas` or `search random`: another method runs.

use papers.darts_rnn

cell recurrent {
    nodes  4
}

data text {
    batch  32
    steps  32
}

search darts {
    epochs   2
    weights  sgd(lr = 5, momentum = 0, weight_decay = 5e-7, clip = 0.25)
    dropout  variational(x = 0.1, state = 0.1, output = 0.1)
}

network {
    channels  64
}

evaluate {
    channels  128
    epochs    5
    batch     32
    weights   sgd(lr = cosine(10, 1), momentum = 0, weight_decay = 1e-6, clip = 0.25)
    dropout   variational(output = 0.1)
    average   0
    vary      nothing
}
