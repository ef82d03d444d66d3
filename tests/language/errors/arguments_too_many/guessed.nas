use papers.darts
op block = sep_conv(3)
