use papers.darts
derive {
    count 2 >= skip_connect
}
