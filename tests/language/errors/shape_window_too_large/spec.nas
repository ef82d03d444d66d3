use papers.darts
op wide = conv(65, padding = 0)
cell normal { choose wide, skip_connect }
