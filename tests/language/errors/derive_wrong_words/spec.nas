use papers.darts
derive {
    by magic
    epoch first
    penalty -1
}
