use papers.darts
cell spare { nodes 2; choose skip_connect }
