use papers.darts

op a = conv(k = 3, 16)
search darts {
    weights  sgd(lr = 1,500)
    arch     adam(lr = 0.1, 0.5)
}
