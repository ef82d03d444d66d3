use papers.darts
search darts { samples 100 }
