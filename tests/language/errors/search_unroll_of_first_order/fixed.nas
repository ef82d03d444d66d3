use papers.darts
search darts {
}
