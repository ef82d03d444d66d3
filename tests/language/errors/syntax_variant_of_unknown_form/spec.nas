op skip = identity | stride 2: conv(1)
use papers.darts
