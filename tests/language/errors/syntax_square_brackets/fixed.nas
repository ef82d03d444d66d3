let sizes = (3, 5)
use papers.darts
