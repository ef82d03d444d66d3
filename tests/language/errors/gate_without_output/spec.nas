use papers.darts_rnn

gate g(f, state) {
    let a = f(state)
}
