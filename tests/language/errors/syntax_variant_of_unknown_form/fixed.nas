op skip = identity | when stride 2: conv(1)
use papers.darts
