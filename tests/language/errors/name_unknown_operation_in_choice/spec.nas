use papers.darts
cell normal { choose skip_conect, sep_conv(3) }
