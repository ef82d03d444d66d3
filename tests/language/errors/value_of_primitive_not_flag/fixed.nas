use papers.darts
op block = conv(3, bias = true)
cell normal { choose block }
