use papers.darts
data cifar
