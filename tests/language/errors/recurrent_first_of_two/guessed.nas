use papers.darts_rnn

cell recurrent {
    first  x + h
}
