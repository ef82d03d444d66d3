use papers.darts
derive {
    count skip_connect, sep_conv(3) <= 2
}
