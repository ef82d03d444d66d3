use papers.darts
op relu = tanh
