use papers.darts
op wide(n) = linear(n)
cell normal { choose wide(2 * C) }
