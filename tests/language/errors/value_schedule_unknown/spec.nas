use papers.darts
search darts { weights sgd(lr = parabola(0.1)) }
