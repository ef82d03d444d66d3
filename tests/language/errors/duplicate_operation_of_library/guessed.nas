use papers.darts
op sep_conv_2(k) = conv(k)
