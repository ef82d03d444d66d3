use papers.darts
op block(k, k) = conv(k)
