use papers.darts
cell normal { choose dart }
