use papers.darts
cell normal { keep 1 }
