use papers.darts
op block(k, k_2) = conv(k)
