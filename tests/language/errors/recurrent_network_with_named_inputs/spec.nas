use papers.darts_rnn

network {
    input  word: token, mood: 3
    stem   word: embedding, mood: linear(C)
}
