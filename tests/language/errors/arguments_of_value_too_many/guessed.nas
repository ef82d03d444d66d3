use papers.darts
search darts { weights sgd(cosine(0.1, 0.0)) }
