# A network on a user's and an item's numbers (Cheng et al., DLRS 2016, arXiv:1606.07792, its deep
# part).

use std.ratings

cell deep {
    inputs  user, item
    let given = (linear(2 * C) -> relu -> linear(C) -> relu -> linear(1))(concat(user, item))
    output  given
}

network {
    cells  deep
}
