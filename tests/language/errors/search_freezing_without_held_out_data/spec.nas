use papers.darts

search milenas {
    lambda  0
    freeze  oles(0.3)
}
