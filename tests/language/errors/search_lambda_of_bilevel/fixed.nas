use papers.darts
search gdas {
}
