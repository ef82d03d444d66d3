use papers.darts_rnn

cell recurrent {
    first  highway(tanh, h, reads = x)
}
