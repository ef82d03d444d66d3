use papers.darts_rnn
search darts
data text {
    batch  6
}
evaluate {
    batch  3
}
