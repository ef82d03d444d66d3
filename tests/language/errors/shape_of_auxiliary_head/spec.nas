use papers.darts

network {
    input    3 x 16 x 16
    classes  10
}

evaluate {
    auxiliary  0.4
}
