use papers.darts

search darts {
    epochs
}
