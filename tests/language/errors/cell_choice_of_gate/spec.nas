use papers.darts_rnn

cell recurrent {
    choose  tanh, highway
}
