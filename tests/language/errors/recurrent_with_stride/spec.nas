use papers.darts_rnn

cell recurrent {
    stride  2
}
