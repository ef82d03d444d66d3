use papers.darts
search darts { stop stable, plateau(3) }
