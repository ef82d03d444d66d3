use papers.darts
search darts { weights sgd(lr = 0.1) }
