use papers.darts_rnn

gate g(f, state) {
    let a = tanh(b)
    let b = f(a) + state
    output  a
}
