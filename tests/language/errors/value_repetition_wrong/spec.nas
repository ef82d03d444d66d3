use papers.darts
op block = 1.5 * (relu -> conv(3))
cell normal { choose block }
