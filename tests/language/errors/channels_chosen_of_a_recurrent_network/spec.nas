use papers.darts_rnn
network { channels {8, 16} }
