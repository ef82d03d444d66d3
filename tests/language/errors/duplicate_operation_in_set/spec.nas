use papers.darts
ops mine = sep_conv(3), skip_connect, sep_conv(3)
cell normal { choose mine }
