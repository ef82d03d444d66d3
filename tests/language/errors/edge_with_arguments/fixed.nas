use papers.darts_rnn

cell recurrent {
    edge  highway
}
