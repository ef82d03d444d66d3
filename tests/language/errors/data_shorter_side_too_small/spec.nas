use papers.darts
data images { size 24 x 32; fit crop; shorter_side 28 }
