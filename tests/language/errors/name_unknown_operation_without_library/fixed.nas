use std.cnn
cell normal { nodes 2; choose sep_conv(3) }
network { cells normal; stem conv(3); head linear(classes) }
