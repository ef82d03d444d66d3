op block = relu
use papers.darts
