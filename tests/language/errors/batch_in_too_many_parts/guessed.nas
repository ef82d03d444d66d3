use papers.darts
search darts {
    accumulate  32
}
evaluate {
    accumulate  48
}
