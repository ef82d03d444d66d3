let a = 1½
let b = 1×10
let c = 3×10⁻⁴
let d = 2.5·10^3

network { input 3×32×32 }
search darts { weights sgd(lr = 3×4) }
use papers.darts
