use papers.darts
op block = relu -> sep_conv(3)
