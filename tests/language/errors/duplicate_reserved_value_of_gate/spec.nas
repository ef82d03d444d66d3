use papers.darts_rnn

gate g(f, state) {
    let C_in = tanh(state)
    output  f(C_in)
}
