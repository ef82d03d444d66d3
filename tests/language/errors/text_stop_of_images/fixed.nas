use papers.darts_rnn

search darts {
    stop  stable(3)
}
