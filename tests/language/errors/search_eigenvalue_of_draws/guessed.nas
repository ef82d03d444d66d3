use papers.darts

search milenas {
    relax  drnas
}
