use papers.darts
search { epochs 5 }
