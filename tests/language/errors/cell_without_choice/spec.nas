use std.cnn
cell normal { nodes 3 }
network { cells normal }
