use papers.darts_rnn

cell recurrent {
    normalise  search_norm, identity
}
