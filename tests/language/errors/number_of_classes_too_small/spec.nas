use papers.darts

network { classes 1 }

data digits
