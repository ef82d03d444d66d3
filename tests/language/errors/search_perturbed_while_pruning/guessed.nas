use papers.darts

search asap {
}
