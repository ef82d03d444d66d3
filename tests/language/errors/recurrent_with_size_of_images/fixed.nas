use papers.darts_rnn

network {
}
