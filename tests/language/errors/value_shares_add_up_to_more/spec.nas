use papers.darts
data digits { split 50%, 50%, 10%, 10% }
