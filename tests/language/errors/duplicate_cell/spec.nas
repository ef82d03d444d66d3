use papers.darts
cell normal { keep 2 }
cell normal { keep 1 }
