use papers.darts

search darts {
}

evaluate {
}
