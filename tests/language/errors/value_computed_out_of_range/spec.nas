use papers.darts
let k = 3
search darts { epochs k - 3 }
