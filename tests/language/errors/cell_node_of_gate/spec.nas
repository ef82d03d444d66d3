use papers.darts_rnn

cell recurrent {
    node n1 = highway(first)
}
