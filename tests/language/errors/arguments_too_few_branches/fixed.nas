use papers.darts
op block = relu
