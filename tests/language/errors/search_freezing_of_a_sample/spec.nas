use papers.darts

search gdas {
    freeze  oles
}
