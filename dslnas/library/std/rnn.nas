# What recurrent cells of language models share, as DARTS defines it.
#
# `C` is the number of hidden units. Dropout is variational: one mask for all steps of a sequence.

use std.common

# While searching, nodes are normalised, so that no activation grows over the others.
op search_norm = batch_norm(affine = false)
    | when derived: identity

# The same by a bound: without statistics, so that a short search is measured as it trains.
op search_bound = tanh
    | when derived: identity

# Goes from a state towards what the operation `f` makes of it, as far as a gate opens.
# `reads` is what operation and gate look at.
gate highway(f, state, reads = drop_state(state)) {
    let both = linear(2 * C, bias = false)(reads)
    output  state + sigmoid(split(2, 0)(both)) * (f(split(2, 1)(both)) - state)
}

# Words come in through the table that they also go out through.
network {
    channels  300  # C
    repeat    1    # N
    stem      embedding -> drop_embedded
    head      drop_output -> tied_linear
}
