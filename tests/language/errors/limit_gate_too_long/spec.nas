use papers.darts_rnn

gate g(f, state) {
    let a = state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state + state
    let b = a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a + a
    output  f(b)
}
