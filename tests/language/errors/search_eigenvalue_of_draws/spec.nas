use papers.darts

search milenas {
    relax  drnas
    stop   eigenvalue
}
