use papers.darts
search evolution {
    epochs      100
    warmup      2
    children    alone
    each        1
    population  20
    stop        stable(10)
}
derive {
    epoch    best
    against  20
}
