# A recurrent search on the Penn Treebank that fits into half an hour on two cores: a small
# embedding, one epoch of search, a few of training. Beside it: specs/ptb_small_lstm.nas.
#
#   dslnas compile specs/ptb_small_darts.nas --search --set data.path=PTB

use papers.darts_rnn

# The running statistics of `search_norm`, which all nodes share, fit none of them for many epochs.
cell recurrent {
    nodes      5
    normalise  search_bound
}

data ptb {
    batch  64
}

search darts {
    epochs   1
    weights  sgd(lr = 0.5, momentum = 0.9, weight_decay = 5e-7, clip = 1)
    dropout  variational(words = 0, embedded = 0, input = 0, state = 0.1, output = 0.1)
}

network {
    channels  64
}

evaluate {
    channels  100
    epochs    3
    batch     20
    weights   sgd(lr = exponential(20, 0.5), momentum = 0, weight_decay = 8e-7, clip = 0.25)
    dropout   variational(words = 0, embedded = 0, input = 0, state = 0.1, output = 0.2)
    average   0
    vary      nothing
}
