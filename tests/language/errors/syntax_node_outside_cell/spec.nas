use papers.darts
network {
    node n1 = conv(3)(in1)
}
