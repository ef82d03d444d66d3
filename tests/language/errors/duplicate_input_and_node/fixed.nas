use papers.darts
cell normal { inputs n1_2, n2_2 }
