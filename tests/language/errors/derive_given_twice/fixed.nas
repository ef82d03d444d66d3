use papers.darts
derive {
    count skip_connect <= 2
}
