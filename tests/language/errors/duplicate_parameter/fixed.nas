use papers.darts
op block(k) = conv(k)
