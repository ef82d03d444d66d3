use papers.darts
cell normal { nodes 5 }
