cell normal {
    nodes  4
}
    keep  2
}
