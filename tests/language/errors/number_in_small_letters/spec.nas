let steps = 50k
