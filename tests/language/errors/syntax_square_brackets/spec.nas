let sizes = [3, 5]
