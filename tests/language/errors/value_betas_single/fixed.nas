use papers.darts
search darts { arch adam(betas = (0.9, 0.999)) }
