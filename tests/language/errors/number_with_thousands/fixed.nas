use papers.darts

let a = 12000
let b = 1250
let c = 0.025
let d = 1500
let e = 2048
let f = 10000
let g = 3200

search darts {
    epochs   1024
    weights  sgd(lr = 0.5)
}

derive { require params < 4500000 }

let h = 1000000
let i = 0.5
evaluate { weights sgd(lr = 0.5); epochs 3 }
