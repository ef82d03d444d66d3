use papers.darts
data images { augment resized_crop, flip }
evaluate { augment resized_crop(0.2) }
