op block = relu -> conv(3)
use papers.darts
