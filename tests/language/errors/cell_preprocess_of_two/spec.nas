use papers.darts
cell normal { preprocess relu, tanh }
