use papers.darts
derive {
    count skip_conect <= 2
}
