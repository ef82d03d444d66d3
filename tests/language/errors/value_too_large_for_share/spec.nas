use papers.darts
data digits { subset 150% }
