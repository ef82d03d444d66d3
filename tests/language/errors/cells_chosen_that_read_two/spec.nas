use papers.darts
network { cells normal * {1, 2}, reduction }
