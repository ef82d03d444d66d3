use papers.darts

cell normal {
    nodes  1
}
