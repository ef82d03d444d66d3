use papers.darts
search darts { order 1 }
