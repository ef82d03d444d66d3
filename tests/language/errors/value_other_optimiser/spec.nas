use papers.darts
search darts { weights adam(lr = 0.1) }
