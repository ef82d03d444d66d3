use papers.darts
search milenas { order first }
