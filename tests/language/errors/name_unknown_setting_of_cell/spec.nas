use papers.darts
cell normal { nodez 5 }
