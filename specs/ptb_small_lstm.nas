# An LSTM of the size and with the training of specs/ptb_small_darts.nas, to compare with.
#
#   dslnas export specs/ptb_small_lstm.nas --set data.path=PTB

use rnn.lstm

data ptb

evaluate {
    channels  128
    epochs    5
    batch     20
    weights   sgd(lr = exponential(20, 0.6), momentum = 0, weight_decay = 8e-7, clip = 0.25)
    dropout   variational(x = 0.1, state = 0.1, output = 0.2)
    average   0
    vary      nothing
}
