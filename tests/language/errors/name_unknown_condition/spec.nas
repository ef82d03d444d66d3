use papers.darts
op skip = identity
    | when strided: conv(1)
