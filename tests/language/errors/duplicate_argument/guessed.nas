use papers.darts
op block = conv(3)
