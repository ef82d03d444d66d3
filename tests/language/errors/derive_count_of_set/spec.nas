use papers.darts
derive {
    count darts <= 2
}
