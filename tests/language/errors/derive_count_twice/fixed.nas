use papers.darts
derive {
    count sep_conv(3) >= 1, skip_connect < 2
}
