use papers.darts

op long = conv(3) -> 500 * relu

cell normal {
    node n1 = long(in1) + skip_connect(in2)
}

evaluate {
    repeat  256
}
