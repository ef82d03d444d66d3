use papers.darts
network { input 0 x 32 x 99999 }
data digits { split 0, 2, 0.2 }
