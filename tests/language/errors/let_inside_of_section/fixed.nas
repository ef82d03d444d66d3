use papers.darts_rnn

let a = 3
search darts {
}
