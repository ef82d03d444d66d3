use papers.darts_rnn

gate g(f, state, state = tanh(state)) {
    output  f(state)
}
