use papers.darts
search darts {
    accumulate  40
}
evaluate {
    accumulate  49
}
