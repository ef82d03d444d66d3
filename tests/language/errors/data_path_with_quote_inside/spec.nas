use rnn.gru

data text { path "a "novel" of mine.txt" }
