use papers.darts
search evolution {
    epochs      60
    children    alone
    each        5
    population  12
}
