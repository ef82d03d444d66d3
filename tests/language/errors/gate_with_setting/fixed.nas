use papers.darts_rnn

gate g(f, state) {
    output  f(state)
}
