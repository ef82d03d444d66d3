use papers.darts

search darts {
    epochs   1250
    weights  sgd(1500)
    arch     adam(0.1, (0.5, 0.999), 0.9, 1500)
}
network { channels {64,128} }
cell normal { keep all }
derive { require params < 1500 }
data digits { split 0.4, 20%, 20%, 20% }
