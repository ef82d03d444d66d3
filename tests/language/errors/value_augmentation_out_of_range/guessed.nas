use papers.darts
evaluate { augment cutout(1) }
