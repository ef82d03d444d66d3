use papers.darts
use rnn.lstm

network {
    cells  normal, lstm
}
