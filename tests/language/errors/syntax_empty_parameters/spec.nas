op block() = relu
