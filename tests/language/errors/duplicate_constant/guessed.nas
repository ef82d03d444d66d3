use papers.darts
let k = 3
let k_2 = 5
