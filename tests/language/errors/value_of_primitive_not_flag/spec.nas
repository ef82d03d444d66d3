use papers.darts
op block = conv(3, bias = 1)
cell normal { choose block }
