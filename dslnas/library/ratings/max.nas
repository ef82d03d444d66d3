# The larger of a user's and an item's numbers, weighed.

use std.ratings

cell largest {
    inputs  user, item
    let given = rating(max(user, item))
    output  given
}

network {
    cells  largest
}
