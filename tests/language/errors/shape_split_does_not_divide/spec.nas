use papers.darts
op part = split(3, 0) -> conv(1)
cell normal { choose part, skip_connect }
