use papers.darts
data cifar10
