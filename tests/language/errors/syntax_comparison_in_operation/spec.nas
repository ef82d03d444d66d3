use papers.darts
op block = conv(3) > relu
let small = 3 < 4
