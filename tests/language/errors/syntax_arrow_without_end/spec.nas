op block = relu ->

op other = relu
