use papers.darts
cell normal { inputs 1.5 }
