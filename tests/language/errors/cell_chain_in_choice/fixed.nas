use papers.darts
cell normal { choose relu -> conv(3), skip_connect }
