use papers.darts_rnn

gate g(f, state) {
    output  tanh(f(state))
}
