# The recurrent search space of DARTS (Liu, Simonyan and Yang, ICLR 2019, arXiv:1806.09055), that of
# ENAS (Pham et al., ICML 2018, arXiv:1802.03268) with fewer nodes.

use std.rnn

cell recurrent {
    inputs     x
    states     h
    first      highway(tanh, h, concat(drop_input(x), drop_state(h)))
    nodes      8  # each reads one of `first` and the earlier nodes
    choose     none, tanh, relu, sigmoid, identity
    edge       highway
    normalise  search_norm
    keep       1
    output     mean
}

network {
    cells  recurrent
}
