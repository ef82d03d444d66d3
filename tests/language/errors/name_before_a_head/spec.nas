use papers.darts

network {
    head  out: linear(classes)
}
cell normal {
    choose  a: relu, tanh
}
