use papers.darts
derive {
    count skip_connect <= 1.5, sep_conv(3) >= some, sep_conv(5) < true
}
