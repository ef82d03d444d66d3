use papers.darts_rnn
network { cells recurrent * {1, 2} }
