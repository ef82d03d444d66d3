use papers.darts
cell normal {
    let k = 3
    nodes  2
}
