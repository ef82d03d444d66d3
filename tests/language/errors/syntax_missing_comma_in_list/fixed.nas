use std.cnn
ops mine = skip_connect, sep_conv(3)
use papers.darts
