use papers.darts
op third = concat(conv(1, out = C / 3), conv(1, out = C / 3), conv(1, out = C / 3))
cell normal { choose third, skip_connect }
