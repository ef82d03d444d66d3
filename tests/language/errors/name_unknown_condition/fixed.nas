use papers.darts
op skip = identity
    | when stride 2: conv(1)
