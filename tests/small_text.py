"""A spec that searches a recurrent cell in seconds, for tests of everything around it."""

SMALL_TEXT = """
use papers.darts_rnn

cell recurrent {
    nodes  2
}

network {
    channels  8
}

data text {
    subset  1%
    batch   8
    steps   10
}

search darts {
    epochs   1
    weights  sgd(lr = 5, momentum = 0, clip = 0.25)
}

evaluate {
    channels  8
    epochs    3
    batch     8
    average   1
    weights   sgd(lr = 5, momentum = 0, clip = 0.25)
}
"""
