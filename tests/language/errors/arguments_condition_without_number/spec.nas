use papers.darts
op skip = identity
    | when stride: conv(1)
