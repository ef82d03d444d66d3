use papers.darts
data digits { subset 1 }
