use papers.darts
search darts {
    order    second
    weights  adamw(lr = 0.001)
}
