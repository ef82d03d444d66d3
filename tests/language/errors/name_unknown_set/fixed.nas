use papers.darts
cell normal { choose darts }
