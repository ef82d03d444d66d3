use papers.darts

search milenas {
    perturb  random(0.1)
}
