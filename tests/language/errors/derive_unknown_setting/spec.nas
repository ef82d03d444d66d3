use papers.darts
derive {
    penalties 1
}
