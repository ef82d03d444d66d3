use papers.darts
network { cells normal * 2, reduction, normal * 2 }
