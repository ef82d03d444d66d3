use papers.darts
network { cells 2 * normal, 3 }
