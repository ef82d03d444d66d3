use papers.darts
search darts { epochs 3 }
search darts { order second }
