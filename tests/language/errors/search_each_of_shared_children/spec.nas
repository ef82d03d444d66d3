use papers.darts
search evolution {
    each  2
}
