use papers.darts
derive {
    count 1 <= skip_connect <= 2
}
