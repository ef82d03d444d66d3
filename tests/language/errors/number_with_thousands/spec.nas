use papers.darts

let a = 12,000
let b = 1,250
let c = 0,025
let d = 1'500
let e = 2_048
let f = 10 000
let g = 3 200

search darts {
    epochs   1,024
    weights  sgd(lr = 0,5)
}

derive { require params < 4,500,000 }

let h = 1.000.000
let i = .5
evaluate { weights sgd(lr = ,5); epochs +3 }
