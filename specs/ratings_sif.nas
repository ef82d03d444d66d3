# How users and items make ratings, here by products of their numbers: nine of the seeds 0 to 9 find
# that, 0 to 4 among them.

use papers.sif

network {
    channels  4
}

data simulated_ratings {
    interaction  multiply
    users        40
    items        30
    ratings      1200
    batch        64
    split        50%, 30%, 5%, 15%
}

search darts {
    epochs   200
    weights  adagrad(lr = 0.15)
    arch     adam(lr = 0.007)
}

evaluate {
    channels  4
    epochs    200
    batch     64
    weights   adagrad(lr = 0.15)
}
