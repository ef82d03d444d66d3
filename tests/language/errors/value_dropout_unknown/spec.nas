use papers.darts_rnn
evaluate { dropout locked(0.5) }
