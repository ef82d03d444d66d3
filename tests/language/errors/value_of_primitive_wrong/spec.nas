use papers.darts
op block = conv(0)
cell normal { choose block }
