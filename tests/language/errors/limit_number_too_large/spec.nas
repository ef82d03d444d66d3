use papers.darts
let big = 10000000000000000
let bigger = 5e200
