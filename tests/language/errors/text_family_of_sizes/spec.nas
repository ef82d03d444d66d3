use papers.darts_rnn

search darts
derive {
    epoch  every_size
}
