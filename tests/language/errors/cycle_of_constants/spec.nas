use papers.darts
let a = b + 1
let b = c
let c = a
