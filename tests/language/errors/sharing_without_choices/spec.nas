use papers.darts
search darts { sharing slices }
