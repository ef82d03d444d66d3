use std.cnn
cell normal { choose skip_connect }
network { cells normal }
