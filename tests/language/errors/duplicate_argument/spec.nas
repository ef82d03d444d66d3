use papers.darts
op block = conv(3, kernel = 5)
