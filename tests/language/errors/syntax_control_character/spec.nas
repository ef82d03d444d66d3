let width = [31m
