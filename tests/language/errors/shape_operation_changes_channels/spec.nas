use papers.darts
op half = conv(3, out = C / 2)
cell normal { choose half, skip_connect }
