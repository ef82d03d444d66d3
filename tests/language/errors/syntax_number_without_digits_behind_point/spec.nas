search darts {
    weights  sgd(lr = 1.)
}
