use papers.darts
cell normal { inputs a, a_2 }
