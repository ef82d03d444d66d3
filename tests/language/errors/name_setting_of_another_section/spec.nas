use papers.darts
search darts { channels 4 }
