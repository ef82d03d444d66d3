use papers.darts

search milenas {
}
