use papers.darts_rnn

gate g(tanh_2, state) {
    output  tanh_2(state)
}
