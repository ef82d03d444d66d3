use papers.darts
data digits
