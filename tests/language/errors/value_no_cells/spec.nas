use papers.darts
network { cells normal * 0 }
