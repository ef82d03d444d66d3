use papers.darts_rnn

gate highway(f, state) {
    output  f(state)
}
