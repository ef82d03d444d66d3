use papers.darts
op block = relu
op block_2 = tanh
