use papers.darts
search random { arch adam(lr = 0.1) }
