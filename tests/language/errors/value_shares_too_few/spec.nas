use papers.darts
data digits { split 0.5, 0.5 }
