use papers.darts
op sum = add(conv(3), conv(3, out = 2 * C))
cell normal { choose sum, skip_connect }
