use papers.darts
search milenas {
    bilevel  50
}
