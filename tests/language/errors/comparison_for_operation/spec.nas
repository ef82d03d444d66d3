use papers.darts
cell normal {
    choose skip_connect <= 2, sep_conv(3)
}
network {
    stem conv(3) < 2
}
