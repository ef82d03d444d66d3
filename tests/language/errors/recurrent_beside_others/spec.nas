use papers.darts_rnn

cell plain {
    inputs  x
    node n1 = tanh(x)
    output  n1
}

network {
    cells  recurrent, plain
}
