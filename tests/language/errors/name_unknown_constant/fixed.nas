use papers.darts
let depth = 3 * width
let width = 2
