use papers.darts
cell normal { choose skip_connect, sep_conv(3) }
