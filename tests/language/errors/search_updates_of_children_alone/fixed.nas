use papers.darts
search enas {
    epochs      400
    children    alone
    each        10
}
