use papers.darts
ops first = skip_connect, second
ops second = first
cell normal { choose first }
