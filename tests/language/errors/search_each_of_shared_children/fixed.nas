use papers.darts
search evolution {
}
