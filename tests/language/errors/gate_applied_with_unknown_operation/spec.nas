use papers.darts_rnn

cell recurrent {
    first  highway(tan, h, concat(x, h))
}
