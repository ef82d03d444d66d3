use papers.darts
let k = 3
cell normal {
    nodes  2
}
