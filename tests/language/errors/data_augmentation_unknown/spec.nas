use papers.darts

data digits { augment jiggle(2) }
evaluate { augment cutot(4) }
