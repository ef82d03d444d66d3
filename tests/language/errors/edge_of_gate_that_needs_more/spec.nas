use papers.darts_rnn

gate g(f, state, more) {
    output  f(state) + more
}

cell recurrent {
    edge  g
}
