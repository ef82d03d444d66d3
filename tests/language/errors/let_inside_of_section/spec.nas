use papers.darts_rnn

search darts {
    let a = 3
}
