use papers.darts
let k = 3 / (2 - 2)
