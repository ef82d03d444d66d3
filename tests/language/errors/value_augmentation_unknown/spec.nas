use papers.darts
data digits { augment crop(4), shear }
