use papers.darts
search random_search
derive {
    compare  10
    against  20
}
