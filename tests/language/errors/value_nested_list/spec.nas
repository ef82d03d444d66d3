use papers.darts
data digits { split (0.4, 0.2), 0.2, 0.2, 0.2 }
