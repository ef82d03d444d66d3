use papers.darts_rnn
evaluate { dropout variational(0.5) }
