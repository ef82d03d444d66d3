use papers.darts
ops mine = skip_connect, sepp_conv(3)
