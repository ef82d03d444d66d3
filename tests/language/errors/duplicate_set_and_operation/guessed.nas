use papers.darts
ops sep_conv_2 = skip_connect
