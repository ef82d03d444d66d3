# An architecture that is given, not searched: an LSTM for the letters of a novel, with the training
# of specs/text_darts.nas. GRU and published cells are beside it: `use rnn.gru`, `use rnn.darts_v2`.
#
#   dslnas train specs/text_lstm.nas

use rnn.lstm

evaluate {
    channels  128
    epochs    4
    batch     32
    weights   sgd(lr = cosine(10, 1), momentum = 0, weight_decay = 1e-6, clip = 0.25)
    dropout   variational(words = 0, embedded = 0, input = 0, state = 0, output = 0.1)
    average   0
    vary      nothing
}
