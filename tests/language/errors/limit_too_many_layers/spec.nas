use papers.darts
op many = 1000 * (11 * relu)
cell normal { choose many, skip_connect }
