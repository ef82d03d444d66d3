use papers.nasp
derive {
    count skip_connect >= 9, max_pool(5) >= 9
}
