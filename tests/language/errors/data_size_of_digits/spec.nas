use papers.darts
data digits { size 16 }
