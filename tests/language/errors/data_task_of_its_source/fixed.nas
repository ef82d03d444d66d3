use papers.darts
data cifar10 { task classification }
