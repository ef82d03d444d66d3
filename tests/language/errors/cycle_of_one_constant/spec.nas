use papers.darts
let a = a + 1
