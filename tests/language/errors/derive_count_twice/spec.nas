use papers.darts
derive {
    count skip_connect <= 2, sep_conv(3) >= 1, skip_connect < 2
}
