let k = 3
