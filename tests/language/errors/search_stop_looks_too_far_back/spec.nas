use papers.darts
search darts {
    epochs  10
    stop    eigenvalue
}
