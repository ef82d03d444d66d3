# What networks for ratings share: a row of numbers for every user and item. Number 0 stands for all
# that training does not know; its row is the mean of the others.

# The rating: a linear map whose norm is at most 1, as SIF has it.
op rating = bounded_linear(1)

network {
    stem  user: embedding(unknown = true), item: embedding(unknown = true)
    head  identity
}
