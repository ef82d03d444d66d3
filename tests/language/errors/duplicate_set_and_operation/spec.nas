use papers.darts
ops sep_conv = skip_connect
