use papers.darts
cell normal { output product }
