use papers.darts
data cifar10 { batch 32 }
