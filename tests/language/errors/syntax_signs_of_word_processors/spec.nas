use papers.darts

search darts { epochs 3 }
data images { path “photos” }
data npz { path «a.npz }
cell normal ｛ nodes 2 }
op a = relu → relu
op b = conv(3)， relu
let c = 4 ÷ 2
let d = a — 2
let оne = 1
let f​two = 2
let g = 3﻿
let h = 3 × 4
derive { require params ≤ 4M }
