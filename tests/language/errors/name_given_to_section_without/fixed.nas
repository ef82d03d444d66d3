use papers.darts
evaluate { epochs 5 }
