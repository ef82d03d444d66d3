use papers.darts

search milenas {
    lambda  0
}
