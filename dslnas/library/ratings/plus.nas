# The sum of a user's and an item's numbers, weighed: what a user gives and what an item gets.

use std.ratings

cell sums {
    inputs  user, item
    let given = rating(user + item)
    output  given
}

network {
    cells  sums
}
