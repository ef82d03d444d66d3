use papers.darts_rnn

gate g(f) {
    output  f(f)
}
