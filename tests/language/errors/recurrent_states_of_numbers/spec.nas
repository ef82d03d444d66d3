use papers.darts_rnn

cell recurrent {
    states  2
}
