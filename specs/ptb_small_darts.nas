# A recurrent search on the Penn Treebank that fits into half an hour on two cores: a small
# embedding, one epoch of search, a few of training. Beside it: specs/ptb_small_lstm.nas.
#
#   dslnas compile specs/ptb_small_darts.nas --search --set data.path=PTB

use papers.darts_rnn

data ptb

search darts {
    epochs   1
    weights  sgd(lr = 20, momentum = 0, weight_decay = 5e-7, clip = 0.25)
    dropout  variational(x = 0.1, state = 0.1, output = 0.1)
}

network {
    channels  64
}

evaluate {
    channels  128
    epochs    5
    batch     20
    weights   sgd(lr = exponential(20, 0.6), momentum = 0, weight_decay = 8e-7, clip = 0.25)
    dropout   variational(x = 0.1, state = 0.1, output = 0.2)
    average   0
    vary      nothing
}
