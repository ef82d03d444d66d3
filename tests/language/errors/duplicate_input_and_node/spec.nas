use papers.darts
cell normal { inputs n1, n2 }
