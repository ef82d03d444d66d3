use papers.darts
evaluate { epochs 100; batch 8 }
