use papers.darts_rnn

gate g(f, state) {
    let both = linear(C)(state)
    output  f(both)
}
