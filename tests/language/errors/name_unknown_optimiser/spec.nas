use papers.darts
search darts { weights sdg(lr = 0.1) }
