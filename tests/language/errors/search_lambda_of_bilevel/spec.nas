use papers.darts
search gdas {
    lambda  2
}
