use papers.darts_rnn

op long = 1000 * tanh

cell recurrent {
    nodes   40
    choose  long, relu
}

network {
    cells  recurrent
}
