use papers.darts
op relu_2 = tanh
