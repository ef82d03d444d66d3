use papers.darts
op sep_conv(k) = conv(k)
