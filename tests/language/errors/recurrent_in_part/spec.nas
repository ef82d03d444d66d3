use papers.darts_rnn

search pc_darts
