use papers.darts
op join = concat(conv(3, out = C / 2), max_pool2d(3, stride = 4) -> conv(1, out = C / 2))
cell normal { choose join, skip_connect }
