use papers.darts
search darts { epoch 5 }
