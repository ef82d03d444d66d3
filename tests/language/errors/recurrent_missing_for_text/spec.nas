use papers.darts

data text
