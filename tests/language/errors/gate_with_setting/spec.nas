use papers.darts_rnn

gate g(f, state) {
    keep    1
    output  f(state)
}
