use papers.darts_rnn

gate g(tanh, state) {
    output  tanh(state)
}
