use papers.darts
search darts {
    epochs  10
    warmup  10
}
