use papers.darts
op block = conv(3, strides = 2)
