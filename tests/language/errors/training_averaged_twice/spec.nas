use rnn.lstm

data text

evaluate {
    average  3
    ema      0.999
}
