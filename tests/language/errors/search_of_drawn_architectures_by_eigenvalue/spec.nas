use papers.darts
search random_search {
    stop  eigenvalue
}
