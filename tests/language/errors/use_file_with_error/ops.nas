op block = relu ->
