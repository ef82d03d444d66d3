use papers.darts
search darts { weights sgd(learning_rate = 0.1) }
