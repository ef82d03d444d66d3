use papers.darts
let C_2 = 3
