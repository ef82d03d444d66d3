let steps = 50K
use papers.darts
