use papers.darts

cell a {
    nodes   64
    choose  darts
}

cell b like a { nodes 63 }
cell c like a { nodes 62 }
cell d like a { nodes 61 }

network {
    cells  a, b, c, d
}
