use papers.darts
ops mine = sep_conv(3), skip_connect
cell normal { choose mine }
