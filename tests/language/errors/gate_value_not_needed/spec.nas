use papers.darts_rnn

gate g(f, state) {
    let a = tanh(state)
    output  f(state)
}
