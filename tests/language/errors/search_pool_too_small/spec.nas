use papers.darts
search nao {
    epochs  20
    pool    8
}
