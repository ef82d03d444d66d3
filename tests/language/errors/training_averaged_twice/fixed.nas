use rnn.lstm

data text

evaluate {
    ema      0.999
}
