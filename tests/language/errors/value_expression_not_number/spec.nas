use papers.darts
let k = relu -> tanh
