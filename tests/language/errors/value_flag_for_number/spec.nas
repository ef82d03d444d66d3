use papers.darts
evaluate { batch true }
