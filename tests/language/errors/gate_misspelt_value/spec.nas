use papers.darts_rnn

gate mine(f, state) {
    let both = linear(2 * C)(bothh)
    let bothh = split(2, 0)(bot)
    output  state + f(both) * bothh
}
