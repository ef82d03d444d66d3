# Matrix factorisation: the products of a user's and an item's numbers, weighed and summed.

use std.ratings

cell factors {
    inputs  user, item
    let given = rating(user * item)
    output  given
}

network {
    cells  factors
}
