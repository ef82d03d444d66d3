# Neural collaborative filtering (He et al., WWW 2017, arXiv:1708.05031): factors and a network side
# by side.

use std.ratings

cell neural {
    inputs  user, item
    let deep = (linear(C) -> relu -> linear(C) -> relu)(concat(user, item))
    let given = linear(1)(concat(user * item, deep))
    output  given
}

network {
    cells  neural
}
