use papers.darts_rnn

gate none_2(f, state) {
    output  f(state)
}
