use papers.darts_rnn

data digits
