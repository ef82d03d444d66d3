use papers.darts
search darts {
    unroll  clipped
}
