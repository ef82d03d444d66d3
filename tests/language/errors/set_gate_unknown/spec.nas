use papers.darts_rnn
