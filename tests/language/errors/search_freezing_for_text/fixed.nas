use papers.darts_rnn

search darts {
}
