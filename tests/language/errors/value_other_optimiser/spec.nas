use papers.darts
search darts { weights cosine(0.1) }
