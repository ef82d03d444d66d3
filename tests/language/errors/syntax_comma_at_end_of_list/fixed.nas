use papers.darts
cell normal {
    choose  darts
    keep    2
}
