use papers.darts_rnn

gate g {
    output  tanh(x)
}
