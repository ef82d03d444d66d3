use papers.darts
derive {
    count sep_conv(5) <= 2
}
