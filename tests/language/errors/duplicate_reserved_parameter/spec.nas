use papers.darts
op block(stride) = conv(3, stride = stride)
