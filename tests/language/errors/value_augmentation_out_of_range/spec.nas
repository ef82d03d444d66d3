use papers.darts
evaluate { augment cutout(0) }
