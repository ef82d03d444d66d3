use papers.darts
search darts { weights sgd(lr = slow) }
