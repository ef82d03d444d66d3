use papers.darts
cell normal { output concat(n3, n5) }
