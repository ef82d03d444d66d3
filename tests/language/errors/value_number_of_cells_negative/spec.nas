use papers.darts
network { cells normal * (N - 5), reduction }
