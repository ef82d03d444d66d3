use papers.darts
search darts { order first }
