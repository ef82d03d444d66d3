use papers.darts
op skip = identity
    | when derived 2: conv(1)
