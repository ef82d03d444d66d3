use papers.darts
cell normal { keep some }
