use papers.darts
search darts { epochs 5; weights sgd(lr = warmup(5, 0.1)) }
evaluate { epochs 3; weights adam(lr = warmup(3, cosine(0.1))) }
