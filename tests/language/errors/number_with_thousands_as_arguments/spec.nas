use papers.darts

search darts {
    epochs   1,250
    weights  sgd(1,500)
    arch     adam(0.1, 0.5, 0.9, 1,500)
}
network { channels {64,128} }
cell normal { keep 1,120 }
derive { require params < 1,500 }
data digits { split 0,4, 20%, 20%, 20% }
