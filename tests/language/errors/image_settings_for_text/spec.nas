use papers.darts_rnn

evaluate {
    augment    cutout(8)
    drop_path  0.2
}
