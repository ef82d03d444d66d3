use papers.darts
data cifar10

network {
    repeat  0
}
