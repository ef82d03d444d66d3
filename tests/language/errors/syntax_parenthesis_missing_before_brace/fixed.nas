use papers.darts
cell normal { choose {sep_conv(3)} }
