use papers.darts
op block = relu -> sepconv(3)
