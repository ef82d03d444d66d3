use papers.darts
search darts { weights sgd(lr = linear(0.1)) }
