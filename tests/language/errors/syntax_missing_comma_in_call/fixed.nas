use std.cnn
op big = conv(3, out = 2 * C)
use papers.darts
