use papers.darts
ops mine = skip_connect, sep_conv(3)
