use papers.darts
search milenas
derive {
    epoch    every_size
}
