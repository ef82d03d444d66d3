use papers.darts
search darts { weights sgd(momentum = 1.5) }
