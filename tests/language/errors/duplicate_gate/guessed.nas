use papers.darts_rnn

gate highway_2(f, state) {
    output  f(state)
}
