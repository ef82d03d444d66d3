use papers.darts
search darts { arch adam(betas = (a, b)) }
