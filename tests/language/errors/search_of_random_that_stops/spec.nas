use papers.darts
search random {
    warmup  2
    stop    skips(2)
}
derive {
    epoch  best
}
