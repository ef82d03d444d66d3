use papers.darts
op block = relu
op block = tanh
