use papers.darts
derive {
    count skip_connect >= 2, skip_connect <= 2
}
