use papers.darts
data images { size 224; shorter_side 256 }
