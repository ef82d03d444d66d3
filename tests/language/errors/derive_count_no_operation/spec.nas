use papers.darts
derive {
    count <= 2
}
