use papers.darts
op block(k) = conv(kk) -> relu
