use papers.darts
cell normal { keep all }
