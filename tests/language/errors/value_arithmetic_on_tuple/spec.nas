use papers.darts
let k = 3 * (1, 2)
