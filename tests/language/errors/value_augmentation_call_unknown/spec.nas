use papers.darts
data digits { augment shear(5) }
