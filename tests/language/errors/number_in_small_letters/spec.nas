let steps = 50k
use papers.darts
