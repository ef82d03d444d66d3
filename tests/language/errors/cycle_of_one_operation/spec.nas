use papers.darts
op first = relu -> first
