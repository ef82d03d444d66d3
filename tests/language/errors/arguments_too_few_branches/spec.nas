use papers.darts
op block = add(relu)
