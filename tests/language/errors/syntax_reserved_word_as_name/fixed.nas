let data_2 = 3
use papers.darts
