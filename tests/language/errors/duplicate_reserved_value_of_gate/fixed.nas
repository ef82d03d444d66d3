use papers.darts_rnn

gate g(f, state) {
    let C_in_2 = tanh(state)
    output  f(C_in_2)
}
