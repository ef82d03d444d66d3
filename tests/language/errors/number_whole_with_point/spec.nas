use papers.darts

search darts { epochs 1.000 }
network { repeat 1.5 }
evaluate { batch 12.500 }
