use papers.darts
derive {
    count sep_conv(7) <= 2
}
