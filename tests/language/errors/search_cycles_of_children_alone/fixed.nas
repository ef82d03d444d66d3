use papers.darts
search evolution {
    epochs    300
    children  alone
    each      1
}
