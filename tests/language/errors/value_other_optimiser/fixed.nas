use papers.darts
search darts { weights sgd(lr = cosine(0.1)) }
