use papers.darts_rnn

gate g(f, state) {
    output  concat(f(state), state)
}
