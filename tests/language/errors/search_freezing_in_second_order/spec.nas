use papers.darts

search darts {
    order   second
    freeze  oles
}
