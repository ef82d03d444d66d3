# Ratings made up by products of a user's and an item's numbers: which operation does a search find?

use papers.sif

network {
    channels  4
}

data simulated_ratings {
    interaction  multiply
    batch        128
}

search nasp {
    epochs   20
    epsilon  0.5  # operations that are not the best train as well
    arch     adam(lr = 0.003)
}

derive {
    compare  20
}

evaluate {
    channels  4
    epochs    20
}
