use papers.darts
data digits { augment rotate(5) }
