use papers.darts
op block = conv(3, stride = 2)
