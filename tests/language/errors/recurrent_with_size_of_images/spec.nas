use papers.darts_rnn

network {
    input  3 x 32 x 32
}
