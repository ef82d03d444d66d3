use papers.darts
cell normal { choose add, skip_connect }
