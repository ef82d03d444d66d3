use papers.darts_rnn

gate g(f, state, more = tanh(state)) {
    output  f(state)
}
