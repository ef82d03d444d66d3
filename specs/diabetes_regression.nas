# Regression: how far diabetes went within a year, from ten numbers of each of 442 patients (Efron et
# al., Least Angle Regression, 2004). The data come with scikit-learn.

use std.common

op dense(k) = linear(k * C) -> relu -> linear(C)
op bend = linear(C) -> tanh
op fit = linear(C)

cell block {
    inputs      1
    preprocess  fit
    nodes       2
    choose      identity, fit, bend, dense(2)
    keep        2
    output      concat
}

network {
    stem      linear(C)
    cells     block
    channels  16
    head      linear(classes)
}

data diabetes {
    batch   32
    metric  mae
}

search darts {
    epochs  10
    arch    adam(lr = 3e-3)
}

evaluate {
    channels  16
    epochs    60
    batch     32
    weights   adamw(lr = warmup(3, cosine(0.003)), weight_decay = 0.1)
    ema       0.98
}
