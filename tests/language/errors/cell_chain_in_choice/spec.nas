use papers.darts
cell normal { choose relu -> konv(3), skip_connect }
