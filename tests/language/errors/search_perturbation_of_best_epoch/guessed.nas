use papers.darts
search darts
derive {
    epoch  best
}
