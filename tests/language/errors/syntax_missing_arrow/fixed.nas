op block = relu -> conv(3) -> batch_norm
use papers.darts
