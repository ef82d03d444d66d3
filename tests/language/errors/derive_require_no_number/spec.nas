use papers.darts
derive {
    require params < small, flops < (1, 2)
}
