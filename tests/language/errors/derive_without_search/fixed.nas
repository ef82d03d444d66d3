use papers.darts
derive {
    require  params < 4M
}
