let = 3

cell normal {
    nodes  4 5
    keep
    choose darts
}

search darts { epochs 3; batch = 4 }
