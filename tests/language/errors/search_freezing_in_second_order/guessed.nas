use papers.darts

search darts {
    order   second
}
