use papers.darts_rnn

gate g(f, state) {
    node a = tanh(state)
    output  f(state)
}
