use papers.darts_rnn

cell recurrent {
    states  none
    first   x
    next    first
}

data digits
