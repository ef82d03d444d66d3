use papers.darts
derive {
}
