let a = 1.5
let b = 1 * 10
let c = 3e-4
let d = 2.5e3

network { input 3x32x32 }
search darts { weights sgd(lr = 3 * 4) }
use papers.darts
