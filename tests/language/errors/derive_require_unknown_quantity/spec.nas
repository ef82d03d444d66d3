use papers.darts
derive {
    require parms < 4M
}
