use papers.darts
data images { size 224 }
