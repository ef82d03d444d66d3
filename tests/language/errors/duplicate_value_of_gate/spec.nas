use papers.darts_rnn

gate g(f, state) {
    let state = tanh(state)
    output  f(state)
}
