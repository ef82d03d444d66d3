use papers.darts
network { cells normal * 2, reduktion, normal * 2 }
