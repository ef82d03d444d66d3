use papers.darts
search evolution {
    epochs      100
    children    alone
    each        1
    population  20
}
derive {
}
