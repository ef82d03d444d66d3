use papers.darts
cell normal { none maybe }
