use std.cnn
op block = relu
