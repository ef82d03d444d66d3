use papers.darts
search darts {
    epochs <= 5
}
cell normal {
    nodes 4 < 5
}
