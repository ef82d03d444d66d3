use std.darts
data digits
