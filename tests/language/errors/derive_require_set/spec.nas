use papers.darts
