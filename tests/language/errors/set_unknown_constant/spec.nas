use papers.darts
let width = 3
