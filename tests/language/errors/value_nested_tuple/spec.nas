use papers.darts
let k = (1, (2, 3))
