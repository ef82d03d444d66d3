# SIF's space on the ratings of MovieLens-100K. Give its file: `--set data.path=.../u.data`.
# Half of the ratings trains the weights, a quarter is the test, as in the published program.

use papers.sif

network {
    input  user: token(944), item: token(1639)
}  # known to this split, and one for all others

data ratings {
    split  50%, 20%, 5%, 25%
}

search nasp {
    box  step
}
