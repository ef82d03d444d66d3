use papers.darts
search darts { weights 0.1 }
