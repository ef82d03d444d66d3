use papers.darts_rnn

gate g(f = tanh, state) {
    output  f(state)
}
