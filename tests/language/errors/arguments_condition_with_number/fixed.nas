use papers.darts
op skip = identity
    | when derived: conv(1)
