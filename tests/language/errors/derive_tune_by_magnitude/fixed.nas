use papers.darts

search darts

derive {
}
