use papers.darts_rnn
search milenas {
    order   first
}
