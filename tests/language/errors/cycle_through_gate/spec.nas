use papers.darts_rnn

cell recurrent {
    first  highway(tanh, n2, concat(x, h))
}
