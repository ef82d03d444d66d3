use papers.darts
cell normal { choose darts - sep_conv(5) }
