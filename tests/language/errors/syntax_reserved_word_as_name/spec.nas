let data = 3
use papers.darts
