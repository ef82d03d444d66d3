use std.cnn
network { repeat 3 }
