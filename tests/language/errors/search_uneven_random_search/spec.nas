use papers.darts
search random_search {
    epochs  5
    each    2
}
