use papers.darts
search milenas { order frist }
