use papers.darts
evaluate darts { epochs 5 }
