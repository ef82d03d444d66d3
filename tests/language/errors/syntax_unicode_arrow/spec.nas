op block = relu → conv(3)
