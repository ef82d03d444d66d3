use std.cnn
cell bent { inputs 1; let curved = searched(conv(3))(in1); node n1 = {relu, tanh}(curved); output n1 }
cell later { inputs 2; node n1 = relu(in1); output n1 }
network { cells bent, later; stem conv(3, out = C) }
search darts
