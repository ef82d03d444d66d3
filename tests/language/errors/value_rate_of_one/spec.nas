use papers.darts
evaluate { drop_path 1 }
