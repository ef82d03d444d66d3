use papers.darts
op grouped = conv(3, groups = 3)
cell normal { choose grouped, skip_connect }
