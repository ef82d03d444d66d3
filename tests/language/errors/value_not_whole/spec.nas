use papers.darts
search darts { epochs 2.5 }
