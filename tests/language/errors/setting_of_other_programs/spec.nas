use papers.darts
search darts { lr 0.1 }
evaluate { optimiser adamw }
