use papers.darts
let depth = 3 * widht
let width = 2
