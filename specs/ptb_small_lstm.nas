# An LSTM of the size and with the training of specs/ptb_small_darts.nas, to compare with.
#
#   dslnas train specs/ptb_small_lstm.nas --data PTB

use rnn.lstm

data ptb

evaluate {
    channels  100
    epochs    3
    batch     20
    weights   sgd(lr = exponential(20, 0.5), momentum = 0, weight_decay = 8e-7, clip = 0.25)
    dropout   variational(words = 0, embedded = 0, input = 0, state = 0.1, output = 0.2)
    average   0
    vary      nothing
}
