use papers.darts
search darts {
    weights  sgd(lr = 0.1)
    arch     adam(lr = 0.001)
}
