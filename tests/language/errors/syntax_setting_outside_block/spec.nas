use papers.darts

epochs 5
