use papers.darts
search darts { epochs many(50) }
