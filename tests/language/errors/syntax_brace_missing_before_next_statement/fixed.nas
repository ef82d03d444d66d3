cell normal {
    nodes  4
}

network {
    cells  normal
}
use papers.darts
