use papers.darts_rnn

evaluate {
}
