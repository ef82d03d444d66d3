use papers.darts
data cifar10 { bach 32 }
