use papers.darts
op block(stride_2) = conv(3, stride = stride_2)
