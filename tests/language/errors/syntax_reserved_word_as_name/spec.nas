let data = 3
