use papers.darts
derive {
    count skip_connect < 0, sep_conv(3) <= -1
}
