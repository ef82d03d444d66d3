use papers.darts
derive {
    count skip_connect >= 9, none > 0
}
