# Interaction functions for collaborative filtering (SIF: Yao, Chen, Kwok, Li and Hsieh, WWW 2020,
# arXiv:1906.12091): how the embeddings of a user and an item become a rating.

use std.ratings

# One small network for every number of a vector. A search trains it as a part of the architecture.
op entrywise(units = 8) = entries -> conv(1, out = units, bias = true)
    -> tanh -> conv(1, out = 1, bias = true) -> flatten

# Joins what it reads, and gives the rating by a map of its own.
op rated(join) = join -> rating

ops joins = add, multiply, max, min, concat

ops sif = rated(joins)

# Of three values two are joined first.
op first_two(inner, outer) = outer(inner(operand(1), operand(2)), operand(3)) -> rating
op first_and_last(inner, outer) = outer(inner(operand(1), operand(3)), operand(2)) -> rating
op last_two(inner, outer) = outer(inner(operand(2), operand(3)), operand(1)) -> rating

# The 53 operations for three: two different joins of which the first keeps the size, or one for all.
ops sif_triples = {first_two, first_and_last, last_two}(add, joins - add),
    {first_two, first_and_last, last_two}(multiply, joins - multiply),
    {first_two, first_and_last, last_two}(max, joins - max),
    {first_two, first_and_last, last_two}(min, joins - min), rated(joins)

cell interaction {
    inputs  user, item
    let p = searched(entrywise)(user)
    let q = searched(entrywise)(item)
    node given = {sif}(p, q)
    output  given
}

# The same for three: `network { stem user: embedding, item: embedding, tag: embedding; cells triple }`.
cell triple {
    inputs  user, item, tag
    let p = searched(entrywise)(user)
    let q = searched(entrywise)(item)
    let r = searched(entrywise)(tag)
    node given = {sif_triples}(p, q, r)
    output  given
}

network {
    cells  interaction
}
