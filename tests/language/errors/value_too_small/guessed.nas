use papers.darts
search darts { epochs 1 }
