use papers.darts
let k = 3
let k = 5
