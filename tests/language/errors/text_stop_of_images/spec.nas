use papers.darts_rnn

search darts {
    stop  convolutions(1), stable(3), skips(2)
}
