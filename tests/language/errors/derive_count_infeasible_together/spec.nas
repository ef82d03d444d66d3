use papers.darts
derive {
    count skip_connect >= 5, sep_conv(3) >= 4
}
