use papers.darts
search random
derive {
    require  params < 4M
}
