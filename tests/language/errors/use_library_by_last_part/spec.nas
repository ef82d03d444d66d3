use darts_v2
