use papers.darts
cell other like normal { keep 1 }
network { cells normal, {normal, 2 * other} }
