cell normal {
    nodes  4
}
use papers.darts
