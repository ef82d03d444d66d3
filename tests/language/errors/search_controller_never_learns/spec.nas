use papers.darts
search enas {
    epochs    40
    children  alone
    each      2
    samples   20
}
