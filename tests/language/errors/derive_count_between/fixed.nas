use papers.darts
derive {
    count skip_connect >= 1, skip_connect <= 2
}
