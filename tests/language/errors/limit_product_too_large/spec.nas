let big = 1G * 1G
use papers.darts
