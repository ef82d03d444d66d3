use papers.darts
cell normal { choose add(relu), skip_connect }
