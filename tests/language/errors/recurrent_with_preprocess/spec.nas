use papers.darts_rnn

cell recurrent {
    preprocess  tanh
}
