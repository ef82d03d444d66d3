use papers.darts
search darts
search nasp
