use papers.darts
search darts
derive {
    penalty  1
}
