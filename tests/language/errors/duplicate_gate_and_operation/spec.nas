use papers.darts_rnn

gate none(f, state) {
    output  f(state)
}
