use papers.darts
op nothing = none
cell normal { choose none, nothing }
