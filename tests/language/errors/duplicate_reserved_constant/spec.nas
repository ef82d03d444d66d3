use papers.darts
let C = 3
