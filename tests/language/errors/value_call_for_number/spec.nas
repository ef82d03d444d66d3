use papers.darts
search darts { epochs cosine(50) }
